// The microphone is owned by one object: it is opened only after the server allows it, once at a time, and each way out stops its tracks.

/** Names of the texts that say why there is none. */
const WHY = {
  NotAllowedError: "error.microphone.denied",
  SecurityError: "error.microphone.denied",
  NotFoundError: "error.microphone.none",
  OverconstrainedError: "error.microphone.none",
  NotReadableError: "error.microphone.busy",
  AbortError: "error.microphone.busy",
};

export class NoMicrophone extends Error {
  constructor(key) {
    super(key);
    this.key = key;
  }
}

export class Microphone {
  #stream = null;
  #asked = 0;
  #context = null;
  #analyser = null;

  constructor({ onEnded }) {
    this.device = "";
    this.suppressesNoise = true;
    this.onEnded = onEnded;
  }

  get track() {
    return this.#stream?.getAudioTracks()[0] ?? null;
  }

  /** Open it; its track. One that is open already is closed before. Raises NoMicrophone. */
  async open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new NoMicrophone("error.insecure");
    this.close();
    const asked = (this.#asked += 1);
    const audio = { noiseSuppression: this.suppressesNoise, echoCancellation: true, autoGainControl: true };
    if (this.device) audio.deviceId = { exact: this.device };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      throw new NoMicrophone(WHY[error.name] ?? "error.microphone.busy");
    }
    if (asked !== this.#asked) {
      stop(stream); // it was closed, or opened anew, while the browser asked
      return null;
    }
    this.#stream = stream;
    this.track.addEventListener("ended", () => stream === this.#stream && (this.close(), this.onEnded()));
    return this.track;
  }

  /** Stop all that it captures. */
  close() {
    this.#asked += 1;
    if (this.#stream) stop(this.#stream);
    this.#stream = null;
    this.#context?.close();
    this.#context = this.#analyser = null;
  }

  /** Be silent without being closed: for push to talk. */
  set heard(is) {
    if (this.track) this.track.enabled = is;
  }

  /** How loud it is, 0 to 1. */
  level() {
    if (!this.#stream) return 0;
    if (!this.#analyser) {
      this.#context = new AudioContext();
      this.#analyser = this.#context.createAnalyser();
      this.#analyser.fftSize = 1024;
      this.#context.createMediaStreamSource(this.#stream).connect(this.#analyser);
    }
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(samples);
    return Math.min(1, Math.sqrt(samples.reduce((all, one) => all + one * one, 0) / samples.length) * 4);
  }

  /** The microphones that there are, once one was allowed: `{id, label}`. */
  static async devices() {
    const found = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return found.filter((one) => one.kind === "audioinput" && one.label).map((one) => ({ id: one.deviceId, label: one.label }));
  }
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

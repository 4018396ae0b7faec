// The microphone, tried before anybody hears it: its level, and which one it is. Nothing is sent or kept.
import { t } from "./catalogue.js";
import { $, busy, make } from "./dom.js";
import { Microphone, NoMicrophone } from "./microphone.js";

const EACH = 100;
/** A level from which it is heard well, and what a silent room stays below. */
const HEARD = 0.05;

/** `fail(error)` is told what went wrong. */
export function prepareTest(fail) {
  const microphone = new Microphone({ onEnded: () => stop() });
  let timer = 0;
  let loudest = 0;

  function say() {
    const open = microphone.track !== null;
    $("mic-test").textContent = t(open ? "settings.mic.stop" : "settings.mic.start");
    $("mic-test").setAttribute("aria-pressed", String(open));
  }

  function stop() {
    clearInterval(timer);
    microphone.close();
    $("level").value = 0;
    say();
  }

  function look() {
    const now = microphone.level();
    $("level").value = now;
    if (now > loudest) loudest = now;
    const text = t(loudest > HEARD ? "settings.mic.heard" : "settings.mic.silent");
    if ($("mic-says").textContent !== text) $("mic-says").textContent = text;
  }

  async function start() {
    loudest = 0;
    await microphone.open();
    clearInterval(timer);
    timer = setInterval(look, EACH);
    say();
    const devices = await Microphone.devices();
    $("device-line").hidden = devices.length < 2;
    $("device").replaceChildren(...devices.map(({ id, label }) => make("option", { value: id, textContent: label })));
    $("device").value = microphone.device || (devices[0]?.id ?? "");
  }

  const failed = (error) => (error instanceof NoMicrophone ? ($("mic-says").textContent = t(error.key)) : fail(error));
  const toggle = async () => (microphone.track ? stop() : start());
  $("mic-test").addEventListener("click", () => busy($("mic-test"), toggle, failed));
  $("device").addEventListener("change", ({ target }) => {
    microphone.device = target.value;
    start().catch(failed);
  });
  addEventListener("pagehide", stop);
  say();
}

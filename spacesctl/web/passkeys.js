// Passkeys: the browser's own window asks for the finger or the PIN; here is only what goes to it and comes from it.
import { ask } from "./api.js";

/** Whether this browser has what is needed. */
export const known = () => Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);

/** Make a passkey for who is signed in. */
export async function register(label) {
  const asked = await ask("POST", "accounts/me/passkeys/options");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(asked.options));
  const made = await navigator.credentials.create({ publicKey });
  return ask("POST", "accounts/me/passkeys", { id: asked.id, credential: JSON.stringify(made.toJSON()), label });
}

/** Sign in with a passkey of this server. */
export async function signIn() {
  const asked = await ask("POST", "session/passkey/options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(asked.options));
  const signed = await navigator.credentials.get({ publicKey });
  return ask("POST", "session/passkey", { id: asked.id, credential: JSON.stringify(signed.toJSON()) });
}

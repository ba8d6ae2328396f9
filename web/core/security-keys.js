// Asks the browser for security keys (WebAuthn), in the words of the server: a new key for the account page, an answer for
// the sign-in page.

/** @param {string} text */
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), letter => letter.charCodeAt(0));

/** @param {ArrayBuffer} buffer */
const base64url = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** @param {{type: string, id: string}[]} keys */
const descriptors = keys => keys.map(({id}) => ({type: /** @type {const} */ ('public-key'), id: bytes(id)}));

/** Return whether this browser can use security keys on this page. */
export const hasSecurityKeys = () => typeof PublicKeyCredential === 'function';

/**
 * Make a key, as the server's options say; null when the person gave up, or took too long.
 * @param {KeyCreationOptions} options
 * @returns {Promise<{client_data: string, attestation: string} | null>}
 */
export async function makeKey(options) {
  const publicKey = {...options, challenge: bytes(options.challenge), user: {...options.user, id: bytes(options.user.id)}, excludeCredentials: descriptors(options.excludeCredentials)};
  const made = await attempt(() => navigator.credentials.create({publicKey}));
  if (!made) return null;
  const {clientDataJSON, attestationObject} = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {client_data: base64url(clientDataJSON), attestation: base64url(attestationObject)};
}

/**
 * Have a key answer, as the server's options say; null when the person gave up, or took too long.
 * @param {KeyRequestOptions} options
 * @returns {Promise<KeyAnswer | null>}
 */
export async function askKey(options) {
  const publicKey = {...options, challenge: bytes(options.challenge), allowCredentials: descriptors(options.allowCredentials)};
  const given = await attempt(() => navigator.credentials.get({publicKey}));
  if (!given) return null;
  const {clientDataJSON, authenticatorData, signature} = /** @type {AuthenticatorAssertionResponse} */ (given.response);
  return {credential: base64url(given.rawId), client_data: base64url(clientDataJSON), authenticator_data: base64url(authenticatorData), signature: base64url(signature)};
}

/** @param {() => Promise<Credential | null>} run @returns {Promise<PublicKeyCredential | null>} */
async function attempt(run) {
  try {
    return /** @type {PublicKeyCredential | null} */ (await run());
  } catch (failure) {
    if (failure instanceof DOMException) return null;
    throw failure;
  }
}

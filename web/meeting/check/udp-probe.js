// Tells whether UDP passes to the server's media, for the device check: by the connectivity checks (RFC 8445) of a
// peer connection that never carries anything.

import {mediaProbe} from '../../core/api.js';

const WAIT_MS = 3000;
/** Of the DTLS certificate that no handshake gets as far as; an answer must name one (RFC 8122). */
const FINGERPRINT = `sha-256 ${Array(32).fill('00').join(':')}`;

/**
 * Return the answer of an ICE-lite server to an offer of one data channel.
 * @param {MediaProbe} probe
 */
export const probeAnswer = ({fragment, password, addresses}) =>
  [
    'v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'a=ice-lite', 'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:0',
    `a=ice-ufrag:${fragment}`, `a=ice-pwd:${password}`, `a=fingerprint:${FINGERPRINT}`, 'a=setup:passive', 'a=sctp-port:5000',
    ...addresses.map(({host, port}, i) => `a=candidate:${i + 1} 1 udp ${2130706431 - i} ${host} ${port} typ host`),
    'a=end-of-candidates', '',
  ].join('\r\n');

/**
 * Return whether the server's media are reached over UDP, and the address to ask for where they are not; null where the
 * server names none.
 * @returns {Promise<{passes: boolean, address: string} | null>}
 */
export async function probeUdp() {
  const probe = await mediaProbe().catch(() => null);
  if (!probe) return null;
  const pc = new RTCPeerConnection({iceServers: []});
  const passes = await new Promise(resolve => {
    pc.addEventListener('iceconnectionstatechange', () => ['connected', 'completed'].includes(pc.iceConnectionState) && resolve(true));
    window.setTimeout(() => resolve(false), WAIT_MS);
    connect(pc, probe).catch(() => resolve(false));
  });
  pc.close();
  const [{host, port}] = probe.addresses;
  return {passes, address: `${host.includes(':') ? `[${host}]` : host}:${port}`};
}

/** @param {RTCPeerConnection} pc @param {MediaProbe} probe */
async function connect(pc, probe) {
  pc.createDataChannel('');
  await pc.setLocalDescription();
  await pc.setRemoteDescription({type: 'answer', sdp: probeAnswer(probe)});
}

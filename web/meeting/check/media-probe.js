// Tells which way passes to the server's media, UDP, TCP or a TURN server, for the device check: by the connectivity
// checks (RFC 8445, RFC 6544, RFC 8656) of peer connections that never carry anything.

import {iceServers, mediaProbe} from '../../core/api.js';

const WAIT_MS = 3000;
/** Of the DTLS certificate that no handshake gets as far as; an answer must name one (RFC 8122). */
const FINGERPRINT = `sha-256 ${Array(32).fill('00').join(':')}`;

/** @typedef {'udp' | 'tcp' | 'turn' | 'none'} Way */

/**
 * Return the answer of an ICE-lite server to an offer of one data channel, with the candidates of one way.
 * @param {MediaProbe} probe
 * @param {'udp' | 'tcp'} way
 */
export const probeAnswer = ({fragment, password, addresses, tcp}, way) =>
  [
    'v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'a=ice-lite', 'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:0',
    `a=ice-ufrag:${fragment}`, `a=ice-pwd:${password}`, `a=fingerprint:${FINGERPRINT}`, 'a=setup:passive', 'a=sctp-port:5000',
    ...(way === 'tcp' ? tcp : addresses).map(({host, port}, i) => `a=candidate:${i + 1} 1 ${way} ${2130706431 - i} ${host} ${port} typ host${way === 'tcp' ? ' tcptype passive' : ''}`),
    'a=end-of-candidates', '',
  ].join('\r\n');

/**
 * Return the best way that passes to the server's media, and the address to ask for where UDP does not; null where the
 * server names none.
 * @returns {Promise<{way: Way, address: string} | null>}
 */
export async function probeMedia() {
  const probe = await mediaProbe().catch(() => null);
  if (!probe) return null;
  const servers = iceServers().catch(() => []);
  const [udp, tcp, turn] = [passes(probe, 'udp'), passes(probe, 'tcp'), servers.then(found => found.length > 0 && passes(probe, 'udp', found))];
  const [{host, port}] = probe.addresses;
  const way = (await udp) ? 'udp' : (await tcp) ? 'tcp' : (await turn) ? 'turn' : 'none';
  return {way, address: `${host.includes(':') ? `[${host}]` : host}:${port}`};
}

/**
 * Return whether the server is reached by a way, or by that way from TURN servers.
 * @param {MediaProbe} probe @param {'udp' | 'tcp'} way @param {RTCIceServer[]} [turn] @returns {Promise<boolean>}
 */
async function passes(probe, way, turn = []) {
  const pc = new RTCPeerConnection({iceServers: turn, iceTransportPolicy: turn.length ? 'relay' : 'all'});
  const found = await new Promise(resolve => {
    pc.addEventListener('iceconnectionstatechange', () => ['connected', 'completed'].includes(pc.iceConnectionState) && resolve(true));
    window.setTimeout(() => resolve(false), WAIT_MS);
    connect(pc, probeAnswer(probe, way)).catch(() => resolve(false));
  });
  pc.close();
  return found;
}

/** @param {RTCPeerConnection} pc @param {string} answer */
async function connect(pc, answer) {
  pc.createDataChannel('');
  await pc.setLocalDescription();
  await pc.setRemoteDescription({type: 'answer', sdp: answer});
}

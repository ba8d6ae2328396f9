// The m-lines in which a page is forwarded the cameras of its picture, one in each.

const CAMERAS = 25; // the panes of 5x5: smaller ones are no use on a screen
const FEW = 12; // two cores decode so many cameras of 180 lines beside everything else
const SCREEN = 1;
const USUAL_CORES = 4; // where the browser does not tell
const BASELINE = /profile-level-id=42(?:00|e0)/i;

/** Return the processor cores of this machine. */
export const coresOfMachine = () => navigator.hardwareConcurrency ?? USUAL_CORES;

/** Return how many m-lines for tiles a machine offers; one that can decode a single picture gets the composed one. @param {number} cores */
export function tileLines(cores) {
  if (cores < 2) return 0;
  return (cores > 2 ? CAMERAS : FEW) + SCREEN;
}

/** Return the codecs that cameras send, and retransmission: with all that Chromium knows, 30 m-lines are 124 KB of SDP. @param {{mimeType: string, sdpFmtpLine?: string}[]} codecs */
export function tileCodecs(codecs) {
  const kind = (/** @type {string} */ name) => codecs.filter(({mimeType}) => mimeType.toLowerCase() === `video/${name}`);
  const h264 = kind('h264').filter(({sdpFmtpLine = ''}) => BASELINE.test(sdpFmtpLine) && sdpFmtpLine.includes('packetization-mode=1'));
  return [...kind('vp8'), ...h264, ...kind('rtx')];
}

/**
 * Add the m-lines to a connection and return their receivers.
 * @param {RTCPeerConnection} pc
 * @param {number} [cores]
 */
export function addTileLines(pc, cores = coresOfMachine()) {
  const codecs = tileCodecs(globalThis.RTCRtpReceiver?.getCapabilities('video')?.codecs ?? []);
  return Array.from({length: tileLines(cores)}, () => {
    const transceiver = pc.addTransceiver('video', {direction: 'recvonly'});
    if (codecs.length) transceiver.setCodecPreferences?.(/** @type {any} */ (codecs));
    return transceiver.receiver;
  });
}

// A mediasoup worker for loadtest/compare/mediasoup.py: a line of JSON with an SDP offer and its room in, one with the
// answer out. Whoever offers a camera publishes it and their voice, everyone else receives all that is published. Whoever
// also offers m-lines for tiles publishes the lowest layer of the camera and receives the cameras of all others.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const mediasoup = createRequire(`${process.argv[2]}/`)('mediasoup')

const FEEDBACK = [['nack'], ['nack', 'pli'], ['ccm', 'fir'], ['goog-remb']]
const OPUS = { kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 111, clockRate: 48000, channels: 2, rtcpFeedback: [] }
const VP8 = {
  kind: 'video',
  mimeType: 'video/VP8',
  preferredPayloadType: 96,
  clockRate: 90000,
  rtcpFeedback: FEEDBACK.map(([type, parameter = '']) => ({ type, parameter }))
}
const MID_ID = 4
const RID_ID = 10
const LOWEST = 'q'
// The identifiers and names of loadtest/endpoint/sdp_offer.py.
const EXTENSIONS = [
  { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: MID_ID },
  { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: RID_ID }
]
const MAPS = { audio: '111 opus/48000/2', video: '96 VP8/90000' }
// A lower value would hold the picture back until mediasoup has estimated the bandwidth.
const INITIAL_BPS = 10_000_000

const worker = await mediasoup.createWorker({ logLevel: 'error' })
const rooms = new Map()

async function opened (name) {
  if (!rooms.has(name)) rooms.set(name, { router: await worker.createRouter({ mediaCodecs: [OPUS, VP8] }), producers: [], viewers: [] })
  return rooms.get(name)
}

function sections (offer) {
  return offer.split(/\r\n(?=m=)/).slice(1).map((text) => ({
    kind: text.match(/^m=(\w+)/)[1],
    mid: text.match(/a=mid:(\S+)/)[1],
    sends: /a=(sendonly|sendrecv)/.test(text),
    ssrc: Number(text.match(/a=ssrc:(\d+)/)?.[1])
  }))
}

async function produce (transport, { kind, mid, ssrc }) {
  const { preferredPayloadType: payloadType, kind: _, ...codec } = kind === 'audio' ? OPUS : VP8
  const named = ssrc ? { encodings: [{ ssrc }] } : { mid, headerExtensions: EXTENSIONS, encodings: [{ rid: LOWEST }] }
  const rtpParameters = { codecs: [{ ...codec, payloadType, parameters: {} }], rtcp: { cname: 'publisher' }, ...named }
  return transport.produce({ kind, rtpParameters })
}

function consume (transport, producers) {
  const rtpCapabilities = { codecs: [OPUS, VP8], headerExtensions: [] }
  return Promise.all(producers.map(({ id }) => transport.consume({ producerId: id, rtpCapabilities })))
}

async function seat ({ offer, room: name }) {
  const room = await opened(name)
  const media = sections(offer)
  const transport = await room.router.createWebRtcTransport({ listenIps: ['127.0.0.1'], initialAvailableOutgoingBitrate: INITIAL_BPS })
  const [, algorithm, value] = offer.match(/a=fingerprint:(\S+) (\S+)/)
  await transport.connect({ dtlsParameters: { role: 'client', fingerprints: [{ algorithm, value }] } })
  const publishes = media.some(({ kind, sends }) => kind === 'video' && sends)
  const views = !publishes || media.some(({ mid }) => mid === 't0')
  if (views) await consume(transport, room.producers)
  const published = []
  for (const each of media) {
    if (publishes && each.sends && (each.kind === 'video' || !views)) published.push(await produce(transport, each))
  }
  await Promise.all(room.viewers.map((viewer) => consume(viewer, published)))
  room.producers.push(...published)
  if (publishes && views) room.viewers.push(transport)
  return answer(transport, media, (each) => publishes && each.sends)
}

function answer ({ iceParameters, iceCandidates, dtlsParameters }, media, receives) {
  const print = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256').value
  const line = [
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:sha-256 ${print}`,
    'a=setup:passive',
    'a=rtcp-mux',
    ...iceCandidates.map(({ foundation, priority, ip, port }) => `a=candidate:${foundation} 1 udp ${priority} ${ip} ${port} typ host`)
  ]
  const described = media.flatMap((each) => {
    const { kind, mid, ssrc } = each
    const [number] = MAPS[kind].split(' ')
    const direction = receives(each) ? 'recvonly' : 'sendonly'
    const layers = receives(each) && !ssrc ? [...EXTENSIONS.map(({ uri, id }) => `a=extmap:${id} ${uri}`), `a=rid:${LOWEST} recv`, `a=simulcast:recv ${LOWEST}`] : []
    return [`m=${kind} 9 UDP/TLS/RTP/SAVPF ${number}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, `a=${direction}`, `a=rtpmap:${MAPS[kind]}`, ...layers, ...line]
  })
  const group = `a=group:BUNDLE ${media.map(({ mid }) => mid).join(' ')}`
  return ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-lite', group, ...described, ''].join('\r\n')
}

console.log(JSON.stringify({ pid: worker.pid }))
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ answer: await seat(JSON.parse(line)) }))
}
worker.close()

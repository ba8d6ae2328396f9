// One mediasoup room for loadtest/compare/mediasoup.py: a line of JSON with an SDP offer in, one with the answer out.
// Whoever offers a camera publishes it and their voice; everyone else receives all that is published.
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
const MAPS = { audio: '111 opus/48000/2', video: '96 VP8/90000' }
// A lower value would hold the picture back until mediasoup has estimated the bandwidth.
const INITIAL_BPS = 10_000_000

const worker = await mediasoup.createWorker({ logLevel: 'error' })
const router = await worker.createRouter({ mediaCodecs: [OPUS, VP8] })
const producers = []

function sections (offer) {
  return offer.split(/\r\n(?=m=)/).slice(1).map((text) => ({
    kind: text.match(/^m=(\w+)/)[1],
    mid: text.match(/a=mid:(\S+)/)[1],
    sends: /a=(sendonly|sendrecv)/.test(text),
    ssrc: Number(text.match(/a=ssrc:(\d+)/)?.[1])
  }))
}

async function produce (transport, { kind, ssrc }) {
  const { preferredPayloadType: payloadType, kind: _, ...codec } = kind === 'audio' ? OPUS : VP8
  const rtpParameters = { codecs: [{ ...codec, payloadType, parameters: {} }], encodings: [{ ssrc }], rtcp: { cname: 'publisher' } }
  producers.push(await transport.produce({ kind, rtpParameters }))
}

async function seat (offer) {
  const media = sections(offer)
  const transport = await router.createWebRtcTransport({ listenIps: ['127.0.0.1'], initialAvailableOutgoingBitrate: INITIAL_BPS })
  const [, algorithm, value] = offer.match(/a=fingerprint:(\S+) (\S+)/)
  await transport.connect({ dtlsParameters: { role: 'client', fingerprints: [{ algorithm, value }] } })
  const publishes = media.some(({ kind, sends }) => kind === 'video' && sends)
  for (const each of publishes ? media : []) await produce(transport, each)
  for (const { id } of publishes ? [] : producers) {
    await transport.consume({ producerId: id, rtpCapabilities: { codecs: [OPUS, VP8], headerExtensions: [] } })
  }
  return answer(transport, media, publishes ? 'recvonly' : 'sendonly')
}

function answer ({ iceParameters, iceCandidates, dtlsParameters }, media, direction) {
  const print = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256').value
  const line = [
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:sha-256 ${print}`,
    'a=setup:passive',
    'a=rtcp-mux',
    ...iceCandidates.map(({ foundation, priority, ip, port }) => `a=candidate:${foundation} 1 udp ${priority} ${ip} ${port} typ host`)
  ]
  const described = media.flatMap(({ kind, mid }) => {
    const [number] = MAPS[kind].split(' ')
    return [`m=${kind} 9 UDP/TLS/RTP/SAVPF ${number}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, `a=${direction}`, `a=rtpmap:${MAPS[kind]}`, ...line]
  })
  const group = `a=group:BUNDLE ${media.map(({ mid }) => mid).join(' ')}`
  return ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-lite', group, ...described, ''].join('\r\n')
}

console.log(JSON.stringify({ pid: worker.pid }))
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ answer: await seat(JSON.parse(line).offer) }))
}
worker.close()

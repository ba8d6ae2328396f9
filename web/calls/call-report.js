// The report of a test call in words: what the device sent and got, and what of that is wrong. For the directory and the
// page of calls.

import {html, nothing} from '../vendor/lit.js';
import {icon} from '../core/base.js';
import {number, t} from '../core/i18n.js';

/** @param {number} lost @param {number} all */
const share = (lost, all) => t('call-test.lost', number(lost), number(all ? (100 * lost) / all : 0, {maximumFractionDigits: 1}));

/** Draw what is wrong with a call, or that nothing is. @param {CallTestReport} report */
export const findings = ({findings: found}) =>
  found.length
    ? html`<ul class="plain" data-testid="call-test-findings">${found.map(word => html`<li data-finding=${word}>${icon('warn')} ${t(`call-test.finding-${word}`)}</li>`)}</ul>`
    : html`<p data-testid="call-test-findings">${icon('check')} ${t('call-test.faultless')}</p>`;

/** Draw what was measured. @param {CallTestReport} report */
export function measurements({sound, picture, picture_rate: rate, picture_kbps: kbps, sent_rate: sentRate, round_trip: trip, seconds}) {
  /** @type {[string, (stream: StreamReport) => unknown][]} */
  const rows = [
    ['from', ({received_codec: codec, received}) => (received ? codec : t('call-test.nothing'))],
    ['to', ({sent_codec: codec, sent}) => (sent ? codec : t('call-test.nothing'))],
    ['lost-from', ({lost, received}) => share(lost, lost + received)],
    ['lost-to', ({lost_there: lost, sent}) => (lost === null ? t('call-test.unreported') : share(Math.max(0, lost), sent))],
    ['address', ({source, named}) => (!source || source === named ? source : t('call-test.elsewhere', source, named))],
  ];
  const cell = (/** @type {StreamReport | null} */ stream, /** @type {(stream: StreamReport) => unknown} */ value) => html`<td>${stream ? value(stream) : t('call-test.unused')}</td>`;
  return html`<div class="wide-table" tabindex="0" role="region" aria-label=${t('call-test.title')}><table class="data" data-testid="call-test-report">
      <thead><tr><td></td><th scope="col" class="plain">${t('call-test.sound')}</th><th scope="col" class="plain">${t('call-test.picture')}</th></tr></thead>
      <tbody>${rows.map(([word, value]) => html`<tr><th scope="row">${t(`call-test.${word}`)}</th>${cell(sound, value)}${cell(picture, value)}</tr>`)}</tbody>
    </table></div>
    <p data-testid="call-test-sizes">${[
      picture?.width ? t('call-test.size', picture.width, picture.height, number(rate, {maximumFractionDigits: 1}), number(kbps)) : '',
      picture?.sent_width ? t('call-test.sent-size', picture.sent_width, picture.sent_height, number(sentRate, {maximumFractionDigits: 1})) : '',
      picture?.pictures ? (picture.keyframe_after === null ? t('call-test.no-keyframe') : t('call-test.keyframe', number(picture.keyframe_after, {maximumFractionDigits: 1}))) : '',
      trip === null ? '' : t('call-test.round-trip', Math.round(1000 * trip)),
      t('call-test.seconds', number(seconds, {maximumFractionDigits: 0})),
    ].filter(Boolean).join(' · ')}</p>`;
}

/** Draw a whole report. @param {CallTestReport | null} report */
export const callReport = report => (report ? html`${findings(report)} ${measurements(report)}` : nothing);

// The row of a seat in the console: one line with state, name and the command that is due. For point-list.js,
// speaker-queue.js and floor-list.js.

import {html, live, nothing} from '../../vendor/lit.js';
import {number, t} from '../../core/i18n.js';
import {icon} from '../../core/base.js';
import {askText} from '../../core/dialog.js';
import {oneLine} from '../../core/one-line.js';
import {loadPart} from '../../core/parts.js';
import {isHeard, isLineReported, pointAbove, properName, seatActivity, shortName} from '../client/meeting-state.js';
import './more-menu.js';

const [MAX_LABEL, MAX_REASON] = [100, 200]; // docs/protocol.md: `rename`, `remove`
const GAINS = [12, 9, 6, 3, 0, -3, -6, -9, -12];

/** Return what a seat is doing. @param {MeetingState} state @param {Seat} seat */
export const activityOf = (state, seat) => (!seat.here && isRemoved(state, seat) ? 'removed' : seatActivity(seat, isHeard(state, seat.seat)));

/** Return whether a controller removed the point of a seat. @param {MeetingState} state @param {Seat} seat */
export const isRemoved = ({removed}, {point}) => removed.some(each => each.point === point);

/**
 * Return what else is to be known of a present seat, the most important first: its line is weak, its screen is shared,
 * its camera is off.
 * @param {MeetingState} state
 * @param {Seat} seat
 * @param {boolean} weak
 * @returns {{id: string, picture: string}[]}
 */
export function seatFacts({content}, {seat, here, role, camera, hidden}, weak) {
  if (!here || role === 'observer') return [];
  const facts = [weak && {id: 'weak-line', picture: 'network'}, content === seat && {id: 'sharing', picture: 'share'}, hidden ? {id: 'camera-hidden', picture: 'camera-off'} : !camera && {id: 'camera-off', picture: 'camera-off'}];
  return facts.filter(fact => fact !== false);
}

/** Return the words for an activity. @param {Seat} seat @param {string} activity */
export const activityWords = (seat, activity) => (activity === 'hand' ? t('seat.hand', seat.hand) : t(`seat.${activity}`));

/** Draw the name of a seat: in Vietnamese first, shortened for the row, the device's behind it. @param {Seat} seat */
export const seatName = seat => html`<span class="name" title="${properName(seat)} · ${seat.name}"><strong>${shortName(seat)}</strong>${seat.label ? html` <small>${seat.name}</small>` : nothing}</span>`;

/**
 * Draw a button with words, whose name for a screen reader begins with the words.
 * @param {{id: string, seat: Seat, words: string, kind?: string}} button
 * @param {() => void} run
 */
export const rowButton = ({id, seat, words, kind = ''}, run) => html`<button type="button" class=${kind} data-testid=${id} data-seat=${seat.seat} aria-label="${words}: ${properName(seat)}" @click=${run}>${words}</button>`;

/**
 * Draw the button that gives a seat the floor, or takes it; the host always has it.
 * @param {Seat} seat
 * @param {(message: Message) => void} command
 */
export function floorButton(seat, command) {
  if (!seat.here || seat.role === 'host') return nothing;
  const id = seat.floor ? 'take-floor' : 'give-floor';
  return rowButton({id, seat, words: t(`floor.${id}`), kind: seat.floor ? 'danger' : seat.hand ? 'main' : ''}, () => command({type: 'floor', seat: seat.seat, open: !seat.floor}));
}

/**
 * Draw the button that begins a message to a point.
 * @param {Seat} seat
 * @param {(point: string) => void} write
 */
export function writeButton(seat, write) {
  const {point} = seat;
  if (!point || seat.role !== 'component') return nothing;
  const words = `${t('seat.write')}: ${properName(seat)}`;
  return html`<button type="button" class="write" data-testid="write" aria-label=${words} title=${words} @click=${() => write(point)}>${icon('chat')}</button>`;
}

/**
 * Draw what moves the camera of a room, which is loaded when it is first wanted: few rooms have one.
 * @param {Seat} seat
 * @param {(message: Message) => void} command
 */
function cameraPad(seat, command) {
  loadPart(() => import('./camera-pad.js'));
  return html`<camera-pad .seat=${seat} .command=${command}></camera-pad>`;
}

/** Return whether the floor of the system above can be asked for, for the point of a seat. @param {MeetingState} state @param {Seat} seat */
function mayAskAbove(state, {here, role, point}) {
  const above = pointAbove(state);
  return Boolean(here && role === 'component' && above && !state.neighbours[above].floor && state.floorAbove.asked !== point);
}

/**
 * Draw the menu of what is done to a seat less often.
 * @param {MeetingState} state
 * @param {Seat} seat
 * @param {{command: (message: Message) => void, confirm: (message: Message) => Promise<string>, report: (fault: {kind: string, text: string, seat: string}) => void, watch: (view: string) => void, calls: SystemCall[]}} acts
 */
export function seatMenu(state, seat, acts) {
  const content = () => {
    const weak = state.weak.find(line => line.seat === seat.seat);
    const large = state.layout.focus === seat.seat;
    const line = weak ? t('aid.measured', weak.loss, weak.round_trip, weak.jitter) : t('seat.line-good');
    return html`<p class="of"><strong>${properName(seat)}</strong><small>${seat.name}</small></p>
      ${seat.topic ? html`<p>${icon('hand')}<span>${seat.topic}</span></p>` : nothing}
      ${seat.here ? html`<p class=${weak ? 'weak' : ''} data-testid="seat-line">${icon('network')}<span>${state.tcp.includes(seat.seat) ? `${line} · ${t('seat.tcp')}` : line}</span></p>` : nothing}
      ${seat.point ? html`<p><a data-testid="to-quality" target="_blank" href="quality.html?${new URLSearchParams({session: state.session.id, seat: seat.seat, point: seat.point})}">${t('quality-of.why')}</a></p>` : nothing}
      ${seat.here && seat.role !== 'observer' ? seenCommands(state, seat, large, acts) : nothing}
      ${mayAskAbove(state, seat) ? item('ask-above', 'hand', t('seat.ask-above'), () => acts.command({type: 'floor-above', point: seat.point})) : nothing}
      ${seat.floor && state.seats.some(one => one.floor && one.role !== 'host' && one.seat !== seat.seat) ? item('mute-others', 'mic-off', t('seat.mute-others'), () => acts.command({type: 'mute-all', but: seat.seat})) : nothing}
      ${seat.here && seat.role !== 'observer' ? item('hide-camera', seat.hidden ? 'camera' : 'camera-off', t(seat.hidden ? 'seat.show-camera' : 'seat.hide-camera'), () => acts.command({type: 'camera', seat: seat.seat, on: seat.hidden})) : nothing}
      ${seat.here && seat.control ? cameraPad(seat, acts.command) : nothing}
      ${acts.calls.filter(({state: at}) => at !== 'calling').map(({device, name}) => item('redial', 'phone', t('call.redial-of', name), () => acts.command({type: 'redial', device})))}
      ${seat.point && !isLineReported(state, seat.point) ? item('report-seat-line', 'warn', t('aid.report-line'), () => acts.report({kind: 'line', text: '', seat: seat.seat})) : nothing}
      ${seat.point ? item('rename', 'edit', t('seat.rename'), () => rename(seat, acts.confirm)) : nothing}
      ${seat.here && seat.role === 'component' ? item('remove', 'leave', t('seat.remove'), () => remove(seat, acts.confirm)) : nothing}
      ${seat.here && seat.role !== 'observer' ? gainField(seat, acts.command) : nothing}`;
  };
  return html`<more-menu testid="seat-more" .label=${t('seat.more', properName(seat))} .content=${content}></more-menu>`;
}

/**
 * @param {MeetingState} state
 * @param {Seat} seat
 * @param {boolean} large
 * @param {{command: (message: Message) => void, watch: (view: string) => void}} acts
 */
function seenCommands({layout}, seat, large, {command, watch}) {
  const {kind, seats, page, rotate, empty, title, clock} = layout;
  const fields = {kind, seats, page, rotate, empty, title, clock};
  return html`${item('large', 'pin', t(large ? 'layout.follow' : 'seat.large'), () => command({type: 'layout', ...fields, focus: large ? null : seat.seat}))}
    ${item('alone', 'full', t('seat.alone'), () => command({type: 'layout', ...fields, kind: 'single', seats: [], page: 0, focus: seat.seat}))}
    ${seat.camera ? item('watch', 'camera', t('seat.watch'), () => watch(`camera:${seat.seat}`)) : nothing}`;
}

/** Ask under which name a point is shown in this meeting. @param {Seat} seat @param {(message: Message) => Promise<string>} confirm */
const rename = ({point, name, label: value}, confirm) => askText({
  id: 'rename', title: t('rename.title', name), text: t('rename.text'), label: t('rename.label'), value, max: MAX_LABEL, submit: t('rename.submit'),
  send: async label => (label === value ? '' : confirm({type: 'rename', point, label: oneLine(label, MAX_LABEL)})),
});

/** Ask why a point is removed. @param {Seat} seat @param {(message: Message) => Promise<string>} confirm */
const remove = (seat, confirm) => askText({
  id: 'remove', title: t('remove.title', properName(seat)), text: t('remove.text'), label: t('remove.reason'), max: MAX_REASON, submit: t('remove.submit'), danger: true,
  send: reason => confirm({type: 'remove', point: seat.point, reason: oneLine(reason, MAX_REASON)}),
});

/** @param {Seat} seat @param {(message: Message) => void} command */
const gainField = ({seat, name, label, gain}, command) => html`<label class="gain"><span>${t('gain.title')}</span>
  <select data-testid="gain" data-seat=${seat} aria-label="${t('gain.title')}: ${properName({name, label})}" @change=${(/** @type {any} */ {target}) => command({type: 'gain', seat, decibels: Number(target.value)})}>
    ${GAINS.map(decibels => html`<option value=${decibels} .selected=${live(decibels === gain)}>${t('gain.is', number(decibels, {signDisplay: 'exceptZero'}))}</option>`)}
  </select></label>`;

/** @param {string} id @param {string} picture @param {unknown} words @param {() => void} run */
const item = (id, picture, words, run) => html`<button type="button" data-testid=${id} @click=${run}>${icon(picture)}<span>${words}</span></button>`;

// Element `room-head`: the line over the picture of the room, which stays in full screen and while the bar hides: title,
// what is on and what is next, recording, the own line, clock.

import {html, nothing, svg} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {BaseElement} from '../../core/base.js';
import {openAt} from '../../core/popover.js';
import {clock, timeLeft} from '../../core/time.js';
import {nearEnd, secondsLeft} from '../client/script.js';
import {neighbourMarks, recordingMark} from './recording-mark.js';

/** Steps of the mark, by the word for the line. */
const STEPS = {good: 4, fair: 3, poor: 2, bad: 1};

/** Draw one of the four bars of the mark. @param {number} step @param {boolean} on */
const bar = (step, on) => svg`<rect class=${on ? 'solid' : 'empty-step'} x=${6 * step - 5} y=${20 - 4.5 * step} width="4" height=${4.5 * step} rx="1"/>`;

/** Title, agenda and marks of the room. */
export class RoomHead extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
  }

  render() {
    const {meeting} = this;
    if (!meeting) return nothing;
    const {state} = meeting;
    return html`<header class="room-head" data-testid="room-head">
      <div class="head-titles"><h1 title=${state?.session.title ?? ''}>${state?.session.title ?? t('room.joining')}</h1>
        ${state ? this.agenda(state.agenda, meeting.countedNow) : nothing}</div>
      <div class="head-marks">${state ? html`${recordingMark(state.recording, meeting.countedNow)} ${neighbourMarks(state)}` : nothing} ${this.line()}<time data-testid="clock">${clock(meeting.now)}</time></div>
    </header>`;
  }

  /** Draw the item that is on with the time that it has left, and the next one. @param {Agenda} agenda @param {number} now */
  agenda(agenda, now) {
    const {on, next} = agenda;
    if (!on && !next) return nothing;
    const left = secondsLeft(agenda, now) ?? 0;
    return html`<div class="agenda" data-testid="agenda">
      <p aria-live="polite">${on ? html`<strong>${on.title}</strong>` : nothing} ${next ? html`<small>${t('script.then', next)}</small>` : nothing}</p>
      ${on ? html`<span class="left ${nearEnd(left)}" role="timer" aria-label=${t('agenda.left')} data-testid="agenda-left" data-end=${nearEnd(left)}>${timeLeft(left)}</span>` : nothing}
    </div>`;
  }

  /** Draw how good the own line is, in four steps and a word; a tap tells more. */
  line() {
    const {meeting} = this;
    if (!meeting) return nothing;
    const word = meeting.connected && meeting.connection.healthy ? meeting.quality : 'none';
    const steps = word === 'none' ? 0 : STEPS[word];
    return html`<button type="button" class="line-mark ${word}" data-testid="quality" data-line=${word} aria-haspopup="true" @click=${this.tellMore}>
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${[1, 2, 3, 4].map(step => bar(step, step <= steps))}</svg><span>${t(`quality.${word}`)}</span></button>
      <div class="popover line-more" popover data-testid="line-more">
        <p>${t('quality.loss', (100 * meeting.loss).toFixed(1))}</p><p>${t('quality.delay', Math.round(1000 * meeting.roundTrip))}</p>
        ${meeting.limitedBy ? html`<p>${t(`quality.limited-${meeting.limitedBy}`)}</p>` : nothing}
      </div>`;
  }

  /** @param {Event} event */
  tellMore({currentTarget}) {
    const panel = /** @type {HTMLElement} */ (this.querySelector('.line-more'));
    if (panel.matches(':popover-open')) panel.hidePopover();
    else openAt(panel, /** @type {HTMLElement} */ (currentTarget), 'end');
  }
}

customElements.define('room-head', RoomHead);

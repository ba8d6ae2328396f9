// Element `caption-lines`: what is said, as text in two lines of their own, in the room and in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {BaseElement, icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';
import {shownSpeakers} from '../client/captions.js';
import {properName} from '../client/meeting-state.js';

/** Two lines beneath the picture, while captions are on: one speaker has both, two have one each. */
export class CaptionLines extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
  }

  /** Return the name of a speaker as people know it. @param {{seat: string, name: string}} speaker */
  nameOf({seat, name}) {
    const known = this.meeting?.state?.seats.find(each => each.seat === seat);
    return known ? properName(known) : name;
  }

  render() {
    const captions = this.meeting?.state?.captions;
    if (!this.meeting || !captions?.on) return nothing;
    const speakers = shownSpeakers(captions, this.meeting.now);
    const word = captions.state !== 'on' ? t(`captions.${captions.state}`) : speakers.length ? '' : t('captions.silent');
    return html`<section class="captions" data-testid="captions-lines" data-state=${captions.state} aria-label=${t('captions.title')}>
      ${speakers.length
        ? html`<div class="captioned" aria-hidden="true">${speakers.map(speaker => html`<div class="speaker" data-testid="caption">
            <strong data-testid="caption-name">${this.nameOf(speaker)}</strong><p dir="auto"><span data-testid="caption-text">${speaker.before} ${speaker.text}</span></p></div>`)}</div>`
        : nothing}
      <p class="state" role="status" ?hidden=${!word}>${word ? html`${icon('captions')}<span>${word}</span>` : nothing}</p>
      <div class="hidden" role="log" aria-live="polite">${repeat(captions.said, ({id}) => id, said => html`<p>${this.nameOf(said)}: ${said.text}</p>`)}</div>
    </section>`;
  }
}

customElements.define('caption-lines', CaptionLines);

import {html, nothing} from '../vendor/lit.js';
import {t} from '../core/i18n.js';
import {day} from '../core/time.js';
import {Piece} from '../core/base.js';
import './evidence-files.js';
import {field, sent} from '../core/fields.js';

const ASSESSED = ['awaiting', 'active'];

/** What a point was found to be, and the form to find it out by. Acts `assess` with a filled-in form. */
export class PointAssessment extends Piece {
  static properties = {card: {attribute: false}, items: {attribute: false}, answers: {state: true}};

  constructor() {
    super();
    /** @type {PointCard_ | null} */
    this.card = null;
    /** @type {FormItem[]} */
    this.items = [];
    /** What was answered to each item: `yes`, `no`, or nothing yet. @type {Record<string, string>} */
    this.answers = {};
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    const values = sent(event);
    const items = this.items.map(({id}) => ({id, met: values[`met-${id}`] === 'yes', note: values[`note-${id}`] ?? '', remedy_by: values[`remedy-${id}`] || null}));
    this.act('assess', {items, reference: values.reference});
  }

  render() {
    if (!this.card) return nothing;
    const {assessments, may_edit, point} = this.card;
    return html`${assessments.length ? this.done(assessments) : html`<p class="empty">${t('assessment.none')}</p>`}
      ${may_edit && ASSESSED.includes(point.state) ? this.form() : nothing}`;
  }

  /** @param {AssessmentDone[]} assessments */
  done(assessments) {
    return html`<ul class="plain">${assessments.map(
      ({id, at, result, assessor, expires, reference, files}) => html`<li data-testid="assessment" data-result=${result}>
        <strong>${t(`assessment.${result}`)}</strong> · ${day(at)} · ${assessor}${expires ? ` · ${t('assessment.until', day(expires))}` : ''}${reference ? ` · ${reference}` : ''}
        <evidence-files .path=${`directory/assessments/${id}`} .files=${files} .edit=${this.card?.may_edit ?? false}></evidence-files>
      </li>`,
    )}</ul>`;
  }

  form() {
    return html`<form @submit=${this.submit}>
      ${this.items.map(item => this.item(item))} ${field({name: 'reference', label: 'assessment.reference', max: 500})}
      <div class="row end"><button class="main" data-testid="assess">${t('assessment.save')}</button></div>
    </form>`;
  }

  /** @param {FormItem} item */
  item({id, name, article, remediable}) {
    const answer = /** @param {string} met */ met => html`<label class="option"><input type="radio" name="met-${id}" value=${met} required data-testid="met-${met}"
      @change=${() => (this.answers = {...this.answers, [id]: met})}><span>${t(`assessment.${met}`)}</span></label>`;
    return html`<fieldset class="item" data-testid="item" data-item=${id}>
      <div class="row between"><span>${name} <small>${article}</small></span><span class="row">${answer('yes')} ${answer('no')}</span></div>
      ${this.answers[id] === 'no'
        ? html`<div class="pair">${field({name: `note-${id}`, label: 'assessment.note', max: 500})}
            ${remediable ? field({name: `remedy-${id}`, label: 'assessment.remedy', type: 'date'}) : html`<p class="soft">${t('assessment.must')}</p>`}</div>`
        : nothing}
    </fieldset>`;
  }
}

customElements.define('point-assessment', PointAssessment);

// Element `point-assessment`: the assessments of a point, on its card.

import {html, nothing} from '../vendor/lit.js';
import {t} from '../core/i18n.js';
import {day} from '../core/time.js';
import {BaseElement} from '../core/base.js';
import './evidence-files.js';
import {field, formOf, formValues} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';

const ASSESSABLE_STATES = ['awaiting', 'active'];

/** Lists the assessments of a point and holds the form for a new one. Fires `assess` with the filled-in form. */
export class PointAssessment extends BaseElement {
  static properties = {card: {attribute: false}, items: {attribute: false}, answers: {state: true}};

  constructor() {
    super();
    /** @type {PointDetails | null} */
    this.card = null;
    /** @type {FormItem[]} */
    this.items = [];
    /** The choice for each item: `yes`, `no`, or nothing yet. @type {Record<string, string>} */
    this.answers = {};
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    const values = formValues(event);
    const items = this.items.map(({id}) => ({id, met: values[`met-${id}`] === 'yes', note: values[`note-${id}`] ?? '', remedy_by: values[`remedy-${id}`] || null}));
    this.emit('assess', {body: {items, reference: values.reference}, form: formOf(event)});
  }

  render() {
    if (!this.card) return nothing;
    const {assessments, may_edit, point} = this.card;
    return html`${assessments.length ? this.pastAssessments(assessments) : html`<p class="empty">${t('assessment.none')}</p>`}
      ${may_edit && ASSESSABLE_STATES.includes(point.state) ? this.form() : nothing}`;
  }

  /** @param {AssessmentDone[]} assessments */
  pastAssessments(assessments) {
    return html`<ul class="plain">${assessments.map(
      ({id, at, result, assessor, expires, reference, files}) => html`<li data-testid="assessment" data-result=${result}>
        <strong>${t(`assessment.${result}`)}</strong> · ${day(at)} · ${assessor}${expires ? ` · ${t('assessment.until', day(expires))}` : ''}${reference ? ` · ${reference}` : ''}
        <evidence-files .path=${`directory/assessments/${id}`} .files=${files} .edit=${this.card?.may_edit ?? false}></evidence-files>
      </li>`,
    )}</ul>`;
  }

  form() {
    return html`<form @submit=${this.submit}>${keptForm(`assessment:${this.card?.point.id}`)}
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

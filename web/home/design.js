// Page `design.html`: every token and element of docs/design.md in the chosen theme, for those who work on the pages.
// Its data are made up, and it asks the server for nothing.

import {html, nothing} from '../vendor/lit.js';
import '../core/action-menu.js';
import {BaseElement, errorMessage, icon, setTitle} from '../core/base.js';
import {contrast, namedColours} from '../core/contrast.js';
import '../core/data-table.js';
import {ask} from '../core/dialog.js';
import {checkbox, dateField, field} from '../core/fields.js';
import {number, t} from '../core/i18n.js';
import {emptyState, faultState, loadingState} from '../core/states.js';
import {THEMES, chooseTheme, chosenTheme} from '../core/theme.js';
import {toast} from '../core/toast.js';
import '../core/top-bar.js';

/** Text and the grounds that it stands on. */
const TEXTS = [
  ['ink', 'ground'], ['ink', 'paper'], ['ink-soft', 'paper'], ['ink-soft', 'sunken'], ['brand', 'paper'], ['brand-ink', 'brand-soft'], ['red', 'red-soft'], ['gold', 'gold-soft'],
  ['green', 'green-soft'], ['on-accent', 'accent'], ['on-danger', 'danger'],
];
/** Borders, rings and bars, and the grounds that they stand on. */
const MARKS = [['control', 'paper'], ['focus', 'paper']];
const SIZES = ['text-2xl', 'text-xl', 'text-l', 'text-m', 'text-s'];
const SPACES = ['s1', 's2', 's3', 's4', 's5', 's6', 's7'];
const BADGES = ['info', 'good', 'warn', 'bad', 'plain'];
const POINTS = Array.from({length: 60}, (_, at) => ({id: `p${at}`, label: `UBND phường ${['Xương Huân', 'Vĩnh Hải', 'Cam Nghĩa', 'Ninh Hiệp'][at % 4]} ${at + 1}`, name: `P.${at + 1}`, open: (at * 7) % 11}));
/** @type {import('../core/table-state.js').Column<typeof POINTS[number]>[]} */
const COLUMNS = [
  {id: 'label', label: 'Điểm cầu', value: ({label, name}) => `${label} ${name}`, cell: ({label, name}) => html`${label} <small>${name}</small>`},
  {id: 'open', label: 'Cần làm', number: true, value: ({open}) => open},
];

/**
 * Draw a pair of colours with their contrast.
 * @param {string[]} pair front and back @param {Record<string, string>} colours @param {string} style
 */
const swatch = ([front, back], colours, style) => html`<p class="swatch" data-testid="swatch" .style=${style}>
  <strong>${front}</strong> trên ${back} <span>${number(contrast(colours[front], colours[back]), {maximumFractionDigits: 1})} : 1</span></p>`;

/** Shows the design of the pages. */
class DesignPage extends BaseElement {
  static properties = {theme: {state: true}, icons: {state: true}};

  constructor() {
    super();
    setTitle('design.title');
    this.theme = chosenTheme();
    /** @type {string[]} */
    this.icons = [];
    this.load();
  }

  async load() {
    const sprite = await (await fetch('icons.svg')).text();
    this.icons = [...sprite.matchAll(/<symbol id="([^"]+)"/g)].map(([, id]) => id);
  }

  /** @param {string} theme */
  choose(theme) {
    this.theme = theme;
    chooseTheme(theme);
    this.requestUpdate();
  }

  async question() {
    const answer = await ask({title: 'Rời phòng họp?', text: 'Bạn đang điều khiển phiên họp.', choices: [{value: 'end', label: 'Kết thúc cho tất cả', tone: 'danger'}, {value: 'leave', label: 'Rời đi', tone: 'main'}], cancel: 'Ở lại'});
    toast(answer ? `Đã chọn: ${answer}` : 'Không đổi gì', {tone: 'info', key: 'answer'});
  }

  render() {
    return html`<top-bar></top-bar>
      <main class="sections">
        <div class="row between wrap"><h1>${t('design.title')}</h1>
          <span class="row segments" role="group" aria-label=${t('theme.title')}>${THEMES.map(each => html`<button type="button" data-testid="design-${each}" aria-pressed=${this.theme === each} @click=${() => this.choose(each)}>${t(`theme.${each}`)}</button>`)}</span></div>
        ${this.colours()} ${this.sizes()} ${this.buttons()} ${this.table()} ${this.form()} ${this.states()} ${this.iconList()}
      </main>`;
  }

  colours() {
    const colours = namedColours(getComputedStyle(document.documentElement), [...TEXTS, ...MARKS].flat());
    return html`<section class="card"><h2>Màu và độ tương phản</h2><div class="swatches">
      ${TEXTS.map(pair => swatch(pair, colours, `color: var(--${pair[0]}); background: var(--${pair[1]})`))}
      ${MARKS.map(pair => swatch(pair, colours, `border: 2px solid var(--${pair[0]}); background: var(--${pair[1]})`))}</div></section>`;
  }

  sizes() {
    return html`<section class="card"><h2>Cỡ chữ và khoảng cách</h2>
      ${SIZES.map(size => html`<p .style=${`font-size: var(--${size})`}>Ủy ban nhân dân tỉnh Khánh Hòa, 08:30 05/04/2026 <span class="soft">${size}</span></p>`)}
      <div class="row wrap">${SPACES.map(space => html`<span class="row"><i class="space" .style=${`width: var(--${space})`}></i><span class="soft">${space}</span></span>`)}</div>
    </section>`;
  }

  buttons() {
    return html`<section class="card column"><h2>Nút, nhãn, thông báo</h2>
      <div class="row wrap"><button type="button" class="main">Chính</button><button type="button">Thường</button><button type="button" class="quiet">Nhẹ</button><button type="button" class="danger">Nguy hiểm</button>
        <button type="button" class="danger solid">Hủy phiên</button><button type="button" disabled>Không dùng được</button><button type="button" class="chip" aria-pressed="true">${icon('check')}<span>Đã chọn</span></button>
        <action-menu label="Thao tác khác" .actions=${[{label: 'Sao chép mã', picture: 'copy', testid: 'design-copy', run: () => toast('Đã sao chép')}]}></action-menu></div>
      <div class="row wrap">${BADGES.map(kind => html`<span class="badge ${kind}">${kind}</span>`)}</div>
      <div class="row wrap"><button type="button" data-testid="design-ask" @click=${this.question}>Hỏi</button>
        <button type="button" data-testid="design-toast" @click=${() => toast('Đã tắt tiếng Sở Nội vụ', {undo: () => toast('Đã hoàn tác', {tone: 'info'})})}>Việc đã làm, hoàn tác được</button>
        <button type="button" @click=${() => toast('Không lưu được: mất kết nối.', {tone: 'bad'})}>Lỗi</button></div>
    </section>`;
  }

  table() {
    return html`<section class="card"><h2>Bảng</h2><data-table name="design" label="Điểm cầu" .columns=${COLUMNS} .rows=${POINTS}></data-table></section>`;
  }

  form() {
    return html`<form class="card column" @submit=${(/** @type {SubmitEvent} */ event) => (event.preventDefault(), toast('Đã lưu'))}><h2>Biểu mẫu</h2>
      <div class="pair">${field({name: 'name', label: 'people.name', required: true})} ${field({name: 'email', label: 'people.email', type: 'email', required: true})}</div>
      <div class="pair">${dateField({name: 'day', label: t('audit.from'), testid: 'design-day', required: true})} ${dateField({name: 'moment', label: t('register.official-start'), withTime: true})}</div>
      ${checkbox({name: 'recording', label: 'register.recording'})}
      <div class="row end"><button class="main" data-testid="design-save">${t('directory.save')}</button></div></form>`;
  }

  states() {
    return html`<section class="card column"><h2>Trạng thái của bảng</h2>
      <div class="columns">${emptyState({picture: 'calendar', title: t('sessions.none'), action: html`<a class="button main" href="register.html">${icon('plus')}<span>${t('sessions.register')}</span></a>`})}
        ${emptyState({picture: 'lock', title: t('state.denied'), action: html`<a class="button" href="index.html">${icon('home')}<span>${t('state.home')}</span></a>`})}</div>
      ${loadingState()} ${faultState(t('error.network'), () => toast(t('app.retry'), {tone: 'info'}))} ${errorMessage(t('error.server'))}
    </section>`;
  }

  iconList() {
    return html`<section class="card"><h2>Biểu tượng</h2><div class="icon-list">${this.icons.length ? this.icons.map(id => html`<span>${icon(id)}<small>${id}</small></span>`) : nothing}</div></section>`;
  }
}

customElements.define('design-page', DesignPage);

// Page `directory.html`: the tree of units and points, with the card of one point.

import {html, nothing, repeat} from '../vendor/lit.js';
import {accounts, postTo, changes, directory, peopleLists, pointCard, ProblemError} from '../core/api.js';
import {STATE_BADGES, groupPoints, countByState, stepInTree, STATES} from './unit-tree.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import './account-review.js';
import './account-roles.js';
import '../planning/approval-list.js';
import './point-card.js';
import './import-export.js';
import '../core/data-table.js';
import {keepInAddress, keptInAddress} from '../core/address.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {CENTRAL} from '../core/nav.js';
import {day} from '../core/time.js';
import {clearButton, emptyState, loadingState} from '../core/states.js';

/** @param {TreePoint} point */
const dueDay = ({first_due: due}) => (due ? day(`${due}T12:00:00+07:00`) : '');

/** @typedef {{element: HTMLElement, id: string, head: number, branch: HTMLDetailsElement}} TreeItem */

/** Shows the tree of units and points, and the card of the chosen point. */
class DirectoryPage extends Page {
  static properties = {
    ...Page.properties,
    tree: {state: true}, text: {state: true}, state: {state: true}, card: {state: true}, forbiddenPoint: {state: true}, changes: {state: true}, lists: {state: true}, accounts: {state: true}, chosen: {state: true},
  };

  constructor() {
    super();
    setTitle('directory.title');
    /** @type {DirectoryTree | null} */
    this.tree = null;
    const {q = '', state = ''} = keptInAddress(['q', 'state']);
    this.text = q;
    this.state = state;
    /** @type {PointDetails | null} */
    this.card = null;
    /** The id of a point whose card the user may not see. */
    this.forbiddenPoint = '';
    /** The id of the point or group of the tree that had the focus last: Tab stops there alone. */
    this.stop = '';
    /** @type {DirectoryChange[]} */
    this.changes = [];
    /** @type {UnitList[]} */
    this.lists = [];
    /** All accounts, for administrators. @type {KnownAccount[]} */
    this.accounts = [];
    /** The account whose roles are being changed. @type {KnownAccount | null} */
    this.chosen = null;
  }

  get central() {
    return CENTRAL.some(role => this.me?.roles.includes(role));
  }

  async load() {
    this.tree = await directory();
    const administrator = this.me?.roles.includes('administrator');
    [this.lists, this.changes, this.accounts] = await Promise.all([peopleLists(), this.central ? changes() : [], administrator ? accounts() : []]);
    const wanted = new URLSearchParams(location.search).get('point') ?? this.me?.point?.id;
    if (wanted) await this.open(wanted);
  }

  /** @param {string} id */
  async open(id) {
    this.forbiddenPoint = '';
    await this.attempt(async () => {
      try {
        this.card = await pointCard(id);
        keepInAddress({point: id});
      } catch (failure) {
        if (!(failure instanceof ProblemError) || ![403, 404].includes(failure.status)) throw failure;
        this.card = null;
        this.forbiddenPoint = id;
      }
    });
  }

  /** Load the card and the tree again after a change. */
  async reloadCard() {
    const id = this.card?.point.id;
    await this.refresh(async () => {
      this.tree = await directory();
      if (id) this.card = await pointCard(id);
    });
  }

  /** Load the accounts again after a change of roles, or when somebody decided about one. */
  async reloadAccounts() {
    this.chosen = null;
    await this.refresh(async () => {
      this.accounts = await accounts();
    });
  }

  /** @param {CustomEvent} event the unit */
  async addPoint({detail: unit}) {
    await this.attempt(async () => {
      const added = await postTo('directory/points', {unit});
      this.tree = await directory();
      await this.open(added.id);
    });
  }

  render() {
    return html`<top-bar .me=${this.me} current="directory"></top-bar>
      <main class="directory">
        <h1>${t('directory.title')}</h1>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : this.tree ? this.body(this.tree) : nothing}
      </main>`;
  }

  /** @param {DirectoryTree} tree */
  body(tree) {
    return html`<div class="halves">
      <nav class="tree" aria-label=${t('directory.points')} @keydown=${this.step} @focusin=${this.keepStop}>${this.search()} ${this.branches(tree)}</nav>
      <div class="column">
        ${this.card
          ? html`<p><button type="button" data-testid="all-points" @click=${this.close}>${icon('previous')}<span>${t('directory.all-points')}</span></button></p>
            <point-card .card=${this.card} .tree=${tree} .me=${this.me} @changed=${this.reloadCard} @add-point=${this.addPoint}></point-card>`
          : this.overview(tree)}
      </div>
    </div>`;
  }

  /** Show the points that a text and a state leave, and keep both in the address. @param {string} text @param {string} state */
  look(text, state) {
    [this.text, this.state] = [text, state];
    keepInAddress({q: text, state});
  }

  search() {
    return html`<div class="field"><label for="search">${t('directory.search')}</label>
        <input id="search" type="search" data-testid="search" autocomplete="off" .value=${this.text} @input=${(/** @type {any} */ {target}) => this.look(target.value, this.state)}></div>
      <div class="field"><label for="state">${t('directory.state')}</label>
        <select id="state" data-testid="state-filter" @change=${(/** @type {any} */ {target}) => this.look(this.text, target.value)}>
          <option value="">${t('directory.all')}</option>
          ${STATES.map(state => html`<option value=${state} .selected=${state === this.state}>${t(`point.${state}`)}</option>`)}
        </select></div>`;
  }

  /** @param {DirectoryTree} tree */
  branches(tree) {
    const groups = groupPoints(tree, this.text, this.state);
    if (!groups.length) return emptyState({picture: 'search', title: t('directory.none'), action: clearButton(() => this.look('', '')), testid: 'none'});
    const few = Boolean(this.text.trim() || this.state);
    return html`<p class="soft keys">${t('directory.keys')}</p>
      ${repeat(groups, ({id}) => `${id}${few}`, ({id, name, points}) => html`<details class="branch" ?open=${few || points.length < 3} data-testid="branch" data-group=${id} @toggle=${this.keepOneStop}>
      <summary>${name} <span class="soft">(${points.length})</span></summary>
      <ul class="plain">${repeat(points, point => point.id, point => this.pointButton(point))}</ul>
    </details>`)}`;
  }

  /** Return what is seen of the tree: groups, and the points of those that are open. @returns {TreeItem[]} */
  treeItems() {
    /** @type {TreeItem[]} */
    const items = [];
    for (const branch of /** @type {NodeListOf<HTMLDetailsElement>} */ (this.querySelectorAll('.branch'))) {
      const head = items.length;
      const elements = /** @type {NodeListOf<HTMLElement>} */ (branch.querySelectorAll(branch.open ? 'summary, .leaf' : 'summary'));
      for (const element of elements) items.push({element, id: element.dataset.point ?? branch.dataset.group ?? '', head, branch});
    }
    return items;
  }

  /** Let Tab stop at one item of the tree: nobody wants to pass 200 points to reach what is beside them. */
  keepOneStop() {
    const items = this.treeItems();
    const stop = items.find(({id}) => id === this.stop) ?? items.find(({id}) => id === this.card?.point.id) ?? items[0];
    for (const {element} of items) element.tabIndex = element === stop?.element ? 0 : -1;
  }

  /** @param {FocusEvent} event */
  keepStop({target}) {
    const item = this.treeItems().find(({element}) => element === target);
    if (!item) return;
    this.stop = item.id;
    this.keepOneStop();
  }

  /** Move the focus in the tree, or open and close a group of it, by a key. @param {KeyboardEvent} event */
  step(event) {
    const items = this.treeItems();
    const here = items.findIndex(({element}) => element === event.target);
    if (here < 0) return;
    const step = stepInTree(event.key, items.map(({head, branch}) => ({head, open: branch.open})), here);
    if (!step) return;
    event.preventDefault();
    if (step.open !== undefined) items[here].branch.open = step.open;
    items[step.to].element.focus();
  }

  updated() {
    super.updated();
    this.keepOneStop();
  }

  /** @param {TreePoint} point */
  pointButton({id, name, label, state, first_due: due}) {
    return html`<li><button type="button" class="quiet leaf" data-testid="point" data-point=${id} aria-current=${id === this.card?.point.id ? 'true' : nothing} @click=${() => this.open(id)}>
      <span><strong>${label}</strong><small>${name}</small></span>
      ${due ? html`<span class="badge lobby" data-testid="taken-over">${t('directory.taken-over')}</span>` : nothing}
      ${state === 'active' ? nothing : html`<span class="badge ${STATE_BADGES[state]}">${t(`point.${state}`)}</span>`}</button></li>`;
  }

  /** Show all points again in place of a card. */
  close() {
    this.card = null;
    keepInAddress({point: ''});
  }

  /** Draw all points; where one must be assessed first, until when. @param {TreePoint[]} points */
  table(points) {
    /** @type {import('../core/data-table.js').Column[]} */
    const columns = [
      {id: 'name', label: t('directory.points'), value: ({label, name}) => `${label} ${name}`, cell: ({id, label}) => html`<button type="button" class="quiet" data-testid="table-point" @click=${() => this.open(id)}>${label}</button>`},
      {id: 'device', label: t('directory.name'), value: ({name}) => name},
      {id: 'state', label: t('directory.state'), value: ({state}) => t(`point.${state}`), cell: ({state}) => html`<span class="badge ${STATE_BADGES[/** @type {PointState} */ (state)]}">${t(`point.${state}`)}</span>`},
      {id: 'due', label: t('directory.assess-until'), value: ({first_due: due}) => due ?? '', cell: dueDay},
    ];
    return html`<data-table name="points" label=${t('directory.title')} .columns=${columns} .rows=${points}></data-table>`;
  }

  /** Return whether the user may change the roles of an account. @param {KnownAccount} known */
  mayChange({account, roles, kind}) {
    return kind === 'own' && account !== this.me?.account && !roles.includes('provider');
  }

  /** Draw all accounts, and what knows them. */
  accountTable() {
    /** @type {import('../core/data-table.js').Column[]} */
    const columns = [
      {id: 'account', label: t('sign-in.account'), value: ({account}) => account},
      {id: 'person', label: t('account.name'), value: ({name}) => name},
      {id: 'roles', label: t('account.roles'), value: ({roles}) => roles.map((/** @type {string} */ role) => t(`account.role-${role}`)).join(', ')},
      {id: 'unit', label: t('account.unit'), value: ({unit}) => unit?.name ?? ''},
      {id: 'kind', label: t('directory.account-kind'), value: ({kind, disabled}) => `${t(`account.kind-${kind}`)}${disabled ? ` – ${t('directory.account-disabled')}` : ''}`},
      {id: 'change', label: t('roles.change'), value: () => '', cell: known => (this.mayChange(known) ? html`<button type="button" class="quiet" data-testid="roles-open" data-account=${known.account} @click=${() => (this.chosen = known)}>${t('roles.change')}</button>` : nothing)},
    ];
    return html`<h2 class="minor">${t('directory.accounts')}</h2><approval-list action="change-roles" .me=${this.me} @decided=${this.reloadAccounts}></approval-list><account-review></account-review>
      ${repeat(this.chosen ? [this.chosen] : [], ({account}) => account, known => html`<account-roles .account=${known} @changed=${this.reloadAccounts} @shut=${() => (this.chosen = null)}></account-roles>`)}
      <data-table name="accounts" label=${t('directory.accounts')} .columns=${columns} .rows=${this.accounts}></data-table>`;
  }

  /** Draw counts of points, open tasks and all points, while no point is chosen. @param {DirectoryTree} tree */
  overview(tree) {
    const open = this.changes.filter(({state}) => state === 'open');
    const names = new Map(tree.points.map(({id, name}) => [id, name]));
    const missing = this.lists.filter(({people, stale}) => !people.length || stale);
    return html`<section class="card" data-testid="overview">
      ${this.forbiddenPoint ? html`<p class="empty" data-testid="closed">${t('directory.closed')}</p>` : html`<p class="soft">${t('directory.choose')}</p>`}
      <p class="row wrap">${countByState(tree.points).map(({state, count}) => html`<span class="badge ${STATE_BADGES[state]}">${t(`point.${state}`)}: ${count}</span>`)}</p>
      ${open.length
        ? html`<h2 class="minor">${t('equipment.changes')} (${open.length})</h2>
            <ul class="plain">${open.map(({point, field, old, new: fresh}) => html`<li><button type="button" class="quiet leaf" data-testid="open-change" @click=${() => this.open(point)}>
              <span><strong>${names.get(point)}</strong> ${t(`change.${field}`)}: ${old || '–'} → ${fresh}</span></button></li>`)}</ul>`
        : nothing}
      ${missing.length ? html`<p data-testid="missing">${t('people.missing', missing.length)}</p>` : nothing}
      ${tree.may_edit ? html`<h2 class="minor">${t('table.title')}</h2><import-export @changed=${this.reloadCard}></import-export>` : nothing}
    </section>
    ${this.table(tree.points)} ${this.accounts.length ? this.accountTable() : nothing}`;
  }
}

customElements.define('directory-page', DirectoryPage);

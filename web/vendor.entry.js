// The parts of Lit that the pages use; vendor/lit.d.ts repeats these lines so that tsc reads types instead of the bundle.
export {LitElement, html, svg, nothing} from 'lit';
export {repeat} from 'lit/directives/repeat.js';
export {live} from 'lit/directives/live.js';

import { press } from './actions.mjs';
import { byId, element } from './dom.mjs';
import { count } from './texts.mjs';

const button = /** @type {HTMLButtonElement} */ (byId('stampede'));
button.onclick = () => press(button, '/stampede');
let shownAtMs = 0;

/** Shows the result of the last stampede. */
export function showStampede({ stampede }) {
    if (!stampede || stampede.atMs === shownAtMs) return;
    shownAtMs = stampede.atMs;
    const facts = [
        ['look-ups', count(stampede.lookUps)],
        ['calls', count(stampede.calls)],
        ['failed', count(stampede.failed)],
        ['all answered within', `${stampede.ms} ms`],
    ];
    const shown = facts.map(([name, value]) => element('div', {}, element('span', {}, name), element('b', {}, value)));
    byId('result').className = '';
    byId('result').replaceChildren(element('div', { className: 'facts' }, ...shown));
}

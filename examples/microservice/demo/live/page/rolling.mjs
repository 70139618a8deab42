import { press } from './actions.mjs';
import { byId, element, table } from './dom.mjs';
import { count, milliseconds, percent } from './texts.mjs';

const TITLES = ['phase', 'requests', 'failed', 'misses', 'hit rate', 'p50', 'p99'];
const button = /** @type {HTMLButtonElement} */ (byId('rolling-restart'));
button.onclick = () => press(button, '/rolling-restart');
let shown = '';

/** Shows the phases of the last rolling restart. */
export function showRolling({ rolling, work }) {
    button.disabled = work !== '';
    const text = JSON.stringify([rolling, work]);
    if (text === shown) return;
    shown = text;
    const parts = [];
    if (rolling.length > 0) parts.push(table(TITLES, rolling.map(makeRow)));
    const remark = remarkOn({ rolling, work });
    if (remark !== '') parts.push(element('p', { className: 'soft' }, remark));
    byId('rolling').replaceChildren(...parts);
}

function remarkOn({ rolling, work }) {
    if (work !== '') return `In progress: ${work} …`;
    return rolling.length > 0 ? '' : 'Not run yet. It takes about ten seconds, and no request fails.';
}

function makeRow({ name, requests, failed, misses, hitRate, p50, p99 }) {
    const texts = [count(requests), count(failed), count(misses), `${percent(hitRate)} %`];
    const times = [p50, p99].map(ms => `${milliseconds(ms)} ms`);
    const cells = [...texts, ...times].map(text => element('td', {}, text));
    return element('tr', {}, element('th', { scope: 'row' }, name), ...cells);
}

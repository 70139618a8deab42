import { byId, element } from './dom.mjs';
import { count, milliseconds, percent } from './texts.mjs';

/** Shows the figures of the last two seconds, and the totals. */
export function showTiles({ now, traffic, instances, perSecond }) {
    const sum = what => instances.reduce((total, one) => total + one[what], 0);
    const [requests, lookUps] = [sum('requests'), sum('lookUps')];
    /** @type {[name: string, value: string, unit: string, note: string][]} */
    const tiles = [
        ['Hit rate', percent(now.hitRate), '%', 'last 2 s'],
        ['Latency p50', milliseconds(now.p50), 'ms', 'last 2 s'],
        ['Latency p99', milliseconds(now.p99), 'ms', 'last 2 s'],
        ['Requests', count(requests), '', 'both instances, so far'],
        ['Look-ups', count(lookUps), '', `${percent(lookUps / requests)} % of the requests`],
        ['Failed', count(traffic.failed), '', traffic.problem || `of ${count(traffic.answered)} answers`],
    ];
    byId('tiles').replaceChildren(...tiles.map(makeTile));
    byId('rate').textContent = perSecond;
}

/** @param {[name: string, value: string, unit: string, note: string]} tile */
function makeTile([name, value, unit, note]) {
    const shown = element('div', { className: 'value' }, value);
    if (unit !== '' && value !== '–') shown.append(element('small', {}, unit));
    return element(
        'div',
        { className: 'card tile' },
        element('div', { className: 'name' }, name),
        shown,
        element('div', { className: 'note' }, note),
    );
}

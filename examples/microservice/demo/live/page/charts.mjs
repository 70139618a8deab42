import { findChanges } from './changes.mjs';
import { draw } from './chart.mjs';
import { byId } from './dom.mjs';
import { milliseconds, percent } from './texts.mjs';

/** @type {import('./chart.mjs').Chart} */
const HIT_RATE = {
    ticks: [[0, '0 %'], [0.5, '50 %'], [1, '100 %']], // prettier-ignore
    scale: share => share,
    lines: [{ of: 'hitRate', className: 'line p50', isFilled: true }],
};

/**
 * The latencies, on a logarithmic scale that shows hits beside look-ups.
 * @type {import('./chart.mjs').Chart}
 */
const LATENCY = {
    ticks: [[1, '1 ms'], [10, '10 ms'], [100, '100 ms'], [1000, '1 s']], // prettier-ignore
    scale: ms => Math.min(1, Math.max(0, Math.log10(ms / 0.5) / Math.log10(3000 / 0.5))),
    lines: [
        { of: 'p99', className: 'line p99' },
        { of: 'p50', className: 'line p50' },
    ],
};

/** Shows the curves, and describes them for readers who do not see them. */
export function showCharts(state) {
    const changes = findChanges(state);
    const { now, samples } = state;
    const lowest = Math.min(...samples.map(({ hitRate }) => hitRate ?? 1));
    describe(
        'hit-rate',
        `Hit rate over the last two minutes: ${percent(now.hitRate)} % now, ${percent(lowest)} % at least`,
    );
    draw(byId('hit-rate'), state, changes, HIT_RATE);
    describe(
        'latency',
        `Latency over the last two minutes: p50 ${milliseconds(now.p50)} ms now, p99 ${milliseconds(now.p99)} ms`,
    );
    draw(byId('latency'), state, changes, LATENCY);
}

function describe(id, text) {
    byId(id).setAttribute('aria-label', text);
}

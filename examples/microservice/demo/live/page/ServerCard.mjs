import { press } from './actions.mjs';
import { element, table } from './dom.mjs';
import { count, milliseconds } from './texts.mjs';

/**
 * The rows of the table, which has a column for each instance.
 * @type {[title: string, textOf: (server: any) => string][]}
 */
const ROWS = [
    ['protocol', ({ protocol }) => protocol ?? '–'],
    ['state', ({ isUp }) => (isUp ? 'up' : 'down')],
    ['calls', ({ calls }) => count(calls)],
    ['hits', ({ hits }) => count(hits)],
    ['failed calls', ({ failed }) => count(failed)],
    ['p99', ({ latency }) => `${milliseconds(latency.lastMinute.p99)} ms`],
];

/** The card of one server. It lives as long as its server is listed. */
export class ServerCard {
    #state = element('span', { className: 'state' });
    #facts = element('p', { className: 'soft facts-line' });
    #table = element('div');
    #kill = element('button', { className: 'danger' }, 'Kill');
    #restart = element('button', {}, 'Restart');

    /**
     * @param {string} name
     * @param {number} index
     * @param {boolean} canChange
     */
    constructor(name, index, canChange) {
        this.#state.id = `state-${index}`;
        this.#kill.id = `kill-${index}`;
        this.#restart.id = `restart-${index}`;
        this.#kill.onclick = () => press(this.#kill, `/memcached/${index}/kill`);
        this.#restart.onclick = () => press(this.#restart, `/memcached/${index}/restart`);
        for (const button of [this.#kill, this.#restart]) button.ariaLabel = `${button.textContent} ${name}`;
        const head = element('div', { className: 'head' }, this.#state, element('h3', {}, name));
        this.root = element('article', { className: 'card server' }, head, this.#facts, this.#table);
        /** The buttons, to which others may be added. */
        this.buttons = element('div', { className: 'buttons' }, this.#kill, this.#restart);
        if (canChange) this.root.append(this.buttons);
    }

    /**
     * @param {any} memcached
     * @param {{ canChange: boolean, work: string }} state
     */
    show({ port, pid, isUp, version, seenBy }, { canChange, work }) {
        const isGone = canChange && pid === null;
        this.#state.className = `state ${isUp ? 'up' : 'down'}`;
        this.#state.textContent = isUp ? 'up' : 'down';
        const process = canChange ? (isGone ? 'not running' : `pid ${pid}`) : 'not ours';
        this.#facts.textContent = `port ${port} · version ${version ?? '–'} · ${process}`;
        this.#kill.disabled = isGone || work !== '';
        this.#restart.disabled = work !== '';
        this.#restart.textContent = isGone ? 'Start again' : 'Restart';
        const rows = ROWS.map(([title, textOf]) => {
            const cells = seenBy.map(server => cell(textOf(server)));
            return element('tr', {}, element('th', { scope: 'row' }, title), ...cells);
        });
        this.#table.replaceChildren(table(['seen by', ...seenBy.map(({ name }) => name)], rows));
    }
}

/** @param {string} text */
function cell(text) {
    return element('td', { className: text === 'up' || text === 'down' ? text : '' }, text);
}

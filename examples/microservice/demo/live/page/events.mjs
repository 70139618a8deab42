import { byId, element } from './dom.mjs';
import { clock } from './texts.mjs';

let shown = '';

/** Lists the events, the latest first. */
export function showEvents({ events }) {
    const text = JSON.stringify(events);
    if (text === shown) return;
    shown = text;
    const items = events.map(({ atMs, kind, text }) =>
        element('li', { className: kind }, element('time', {}, clock(atMs)), element('span', {}, text)),
    );
    if (items.length === 0) items.push(element('li', { className: 'soft' }, 'Nothing yet.'));
    byId('events').replaceChildren(...items);
}

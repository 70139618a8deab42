import { press } from './actions.mjs';
import { byId, element } from './dom.mjs';
import { ServerCard } from './ServerCard.mjs';

const MAX_SERVERS = 4;

/** @type {Map<string, ServerCard>} */
const cards = new Map();

const grow = element('button', { id: 'grow' }, 'Add a fourth server');
grow.onclick = () => press(grow, '/fleet/grow');
const freeSlot = element(
    'article',
    { className: 'card free' },
    element(
        'p',
        { className: 'soft' },
        'DNS lists it, both instances find it, and about a quarter of the keys moves to it.',
    ),
    grow,
);
const shrink = element('button', { id: 'shrink' }, 'Remove');
shrink.onclick = () => press(shrink, '/fleet/shrink');

const remark = element('p', { className: 'soft' });
/** The place of the other servers, if the memcached is one of the user. */
const noSlot = element('article', { className: 'card free' }, remark);

/** Shows each server as the instances see it. */
export function showServers(state) {
    const { memcacheds, canChange, uri, advice, work } = state;
    document.body.classList.toggle('given', !canChange);
    byId('uri').textContent = uri;
    remark.textContent = `This server is yours, so the demo neither restarts it nor adds others. ${advice}`;
    for (const name of cards.keys()) if (!memcacheds.some(one => one.name === name)) cards.delete(name);
    for (const [index, memcached] of memcacheds.entries()) {
        const { name } = memcached;
        const card = cards.get(name) ?? new ServerCard(name, index, canChange);
        cards.set(name, card);
        card.show(memcached, state);
    }
    const isFull = memcacheds.length === MAX_SERVERS;
    if (isFull) cards.get(memcacheds[MAX_SERVERS - 1].name)?.buttons.append(shrink);
    for (const button of [grow, shrink]) button.disabled = work !== '';
    const roots = [...cards.values()].map(({ root }) => root);
    if (!isFull) roots.push(canChange ? freeSlot : noSlot);
    replaceChanged(byId('servers'), roots);
    showOverall(memcacheds);
}

/** Replaces the children if they differ. A node that moves loses the focus and pending clicks. */
function replaceChanged(parent, children) {
    const { children: old } = parent;
    if (old.length === children.length && children.every((child, index) => child === old[index])) return;
    parent.replaceChildren(...children);
}

function showOverall(memcacheds) {
    const down = memcacheds.filter(({ isUp }) => !isUp).length;
    const overall = byId('overall');
    const text = down > 0 ? `${down} of ${memcacheds.length} memcacheds down` : 'all memcacheds up';
    overall.className = `state ${down > 0 ? 'down' : 'up'}`;
    // A screen reader announces each change of the text.
    if (overall.textContent !== text) overall.textContent = text;
}

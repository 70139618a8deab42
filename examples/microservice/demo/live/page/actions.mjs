import { byId } from './dom.mjs';

export const AWAY = 'The demo does not answer. Has it ended?';

/** @param {string} text '' for none */
export function showProblem(text) {
    byId('problem').hidden = text === '';
    byId('problem').textContent = text;
}

/**
 * Asks the demo for an action, and for the new state after it.
 * @param {HTMLButtonElement} button disabled meanwhile
 * @param {string} path
 */
export async function press(button, path) {
    button.disabled = true;
    try {
        const reply = await fetch(path, { method: 'POST', headers: { 'x-demo': '1' } });
        showProblem(reply.ok ? '' : `Not now: ${(await reply.json()).message}.`);
    } catch {
        showProblem(AWAY);
    }
    button.disabled = false;
    document.dispatchEvent(new Event('acted'));
}

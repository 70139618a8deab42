// The live page. It asks the demo for its state again and again, and each part shows its share.
import { AWAY, showProblem } from './actions.mjs';
import { showCharts } from './charts.mjs';
import { showEvents } from './events.mjs';
import { showRolling } from './rolling.mjs';
import { showServers } from './servers.mjs';
import { showStampede } from './stampede.mjs';
import { showTiles } from './tiles.mjs';

const PARTS = [showTiles, showCharts, showRolling, showServers, showStampede, showEvents];
const isStill = matchMedia('(prefers-reduced-motion: reduce)');

let isAway = false;

async function look() {
    try {
        const reply = await fetch('/state');
        const state = await reply.json();
        if (!reply.ok) return away(`One moment: ${state.message}.`);
        if (isAway) showProblem('');
        isAway = false;
        for (const show of PARTS) show(state);
    } catch (error) {
        // A fetch that fails is a TypeError. Any other error is one of this page.
        if (!(error instanceof TypeError)) throw error;
        away(AWAY);
    }
}

function away(problem) {
    showProblem(problem);
    isAway = true;
}

document.addEventListener('acted', () => void look());

for (;;) {
    if (!document.hidden) await look();
    // The curves move with each look.
    await new Promise(resolve => setTimeout(resolve, isStill.matches ? 2000 : 500));
}

import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Fails a test file that leaves sockets, servers, child processes or timers open. Jest's own `--detectOpenHandles` only
 * prints them, and only when everything runs in one process.
 *
 * Waiting for them also gives late rejections and exceptions the time to happen while jest still listens for them.
 */
export default class StrictEnvironment extends TestEnvironment {
    private before = new Map<string, number>();

    override async setup(): Promise<void> {
        await super.setup();
        // Node opens these when they are first looked at.
        void process.stdout;
        void process.stderr;
        this.before = activeResources();
    }

    // Called by jest-circus, and awaited.
    async handleTestEvent(event: Circus.AsyncEvent, state: Circus.State): Promise<void> {
        if (event.name === 'test_done') event.test.errors = event.test.errors.map(sendable);
        if (event.name !== 'run_finish') return;
        const left = await this.leftOpen();
        if (left.length > 0) {
            const error = new Error(`The tests of this file left open: ${left.join(', ')}`);
            error.stack = error.message;
            state.unhandledErrors.push(error);
        }
    }

    /** What is being closed needs a moment for it. */
    private async leftOpen(): Promise<string[]> {
        for (let waited = 0; ; waited += 10) {
            await delay(10);
            const left = [...activeResources()]
                .map(([type, count]) => [type, count - (this.before.get(type) ?? 0)] as const)
                .filter(([, count]) => count > 0)
                .map(([type, count]) => (count === 1 ? type : `${count} × ${type}`));
            if (left.length === 0 || waited >= 1000) return left;
        }
    }
}

/**
 * Jest's workers send failures as JSON. One that has a bigint or a cycle in it would replace the report of the whole file by a
 * TypeError; people read the stack anyway.
 */
function sendable(failure: Circus.TestError): Circus.TestError {
    const [error, ...others] = Array.isArray(failure) ? failure : [failure];
    try {
        JSON.stringify(error);
        return failure;
    } catch {
        const { message, stack } = error as Error;
        return [Object.assign(new Error(message), { stack }), ...others] as Circus.TestError;
    }
}

function activeResources(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    return counts;
}

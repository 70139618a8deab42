import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import { sleep } from '../support/sleep';

/**
 * Fails a test file that leaves sockets, servers, child processes or timers open. The option
 * `--detectOpenHandles` of jest only prints open handles, and only with one worker process.
 *
 * The environment waits for open handles while jest still listens for rejections and exceptions.
 * Late rejections therefore fail the file too.
 */
export default class StrictEnvironment extends TestEnvironment {
    private before = new Map<string, number>();

    override async setup(): Promise<void> {
        await super.setup();
        // Node opens these streams on first access.
        void process.stdout;
        void process.stderr;
        this.before = activeResources();
    }

    // Runs before each event of jest-circus, which awaits it.
    async handleTestEvent(event: Circus.AsyncEvent, state: Circus.State): Promise<void> {
        if (event.name === 'run_finish') makeSerializable(state.rootDescribeBlock);
        // Jest collects the rejections of tests and hooks for the last time right after this event.
        // The event `run_finish` is too late for this wait.
        if (event.name !== 'run_describe_finish') return;
        if (event.describeBlock !== state.rootDescribeBlock) return;
        const left = await this.leftOpen();
        if (left.length > 0) {
            const error = new Error(`The tests of this file left open: ${left.join(', ')}`);
            error.stack = error.message;
            state.unhandledErrors.push(error);
        }
    }

    /** Returns the open resources. Waits up to a second because closing takes a moment. */
    private async leftOpen(): Promise<string[]> {
        for (let waited = 0; ; waited += 10) {
            await sleep(10);
            const left = [...activeResources()]
                .map(([type, count]) => [type, count - (this.before.get(type) ?? 0)] as const)
                .filter(([, count]) => count > 0)
                .map(([type, count]) => (count === 1 ? type : `${count} × ${type}`));
            if (left.length === 0 || waited >= 1000) return left;
        }
    }
}

/** Converts failures with a bigint or a cycle, for which `jest --json` writes no report. */
function makeSerializable(block: Circus.DescribeBlock): void {
    for (const child of block.children) {
        if (child.type === 'describeBlock') makeSerializable(child);
        else child.errors = child.errors.map(serializable);
    }
}

function serializable(failure: Circus.TestError): Circus.TestError {
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

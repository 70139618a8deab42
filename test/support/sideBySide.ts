import { Opener } from './Opener';

/** Runs one of its tests, or awaits it when it runs already. */
type Runner = () => Promise<void>;
/** What it opens is its own, and is closed when it is over. */
type Test = (open: Opener) => Promise<void>;

/**
 * Tests that mostly wait, started together: the first one that jest runs starts them all, and each
 * one reports its own outcome. They share no state, so they use no `beforeEach` and no `afterEach`.
 */
export class SideBySide {
    private readonly tests: Test[] = [];
    private readonly waiting: (() => void)[] = [];
    private running: Promise<void>[] | undefined;

    /** @param free how many may run at the same time */
    constructor(private free = Infinity) {
        // `jest -t` may have asked for a few of them only: the others end before the file does.
        afterAll(() => Promise.allSettled(this.running ?? []));
    }

    /** The function to give to `it`. */
    add(test: Test): Runner {
        const index = this.tests.push(test) - 1;
        return () => this.start()[index]!;
    }

    /** Defines a test of the group. */
    it(name: string, test: Test): void {
        it(name, this.add(test));
    }

    private start(): Promise<void>[] {
        if (this.running === undefined) {
            this.running = this.tests.map(test => this.run(test));
            // Each is awaited by its own test, which may come later than the failure.
            for (const one of this.running) one.catch(() => {});
        }
        return this.running;
    }

    private async run(test: Test): Promise<void> {
        if (this.free === 0) await new Promise<void>(resolve => this.waiting.push(resolve));
        this.free--;
        const open = new Opener();
        try {
            await test(open);
        } finally {
            await open.end();
            this.free++;
            this.waiting.shift()?.();
        }
    }
}

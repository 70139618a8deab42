import { Opener } from './Opener';

/** Runs a test, or awaits the running test. */
type Runner = () => Promise<void>;
/** A test with a separate opener, which closes everything at its end. */
type Test = (open: Opener) => Promise<void>;

/**
 * Runs tests that mostly wait concurrently. The first test that jest runs starts all tests. Each
 * test reports its own outcome. The tests share no state and use no `beforeEach` or `afterEach`.
 */
export class SideBySide {
    private readonly tests: Test[] = [];
    private readonly waiting: (() => void)[] = [];
    private running: Promise<void>[] | undefined;

    /** @param free the maximum number of concurrent tests */
    constructor(private free = Infinity) {
        // With `jest -t`, unselected tests run too. Each test must end before the file ends.
        afterAll(() => Promise.allSettled(this.running ?? []));
    }

    /** Adds a test, and returns the function to pass to `it`. */
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
            // Each test awaits its own promise, but possibly only after the failure.
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

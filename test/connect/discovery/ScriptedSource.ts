import { KeepMissing, TakeEachAnswer, type ChangeRule } from '../../../src/connect/discovery/changeRules';
import type { Place } from '../../../src/connect/discovery/Place';
import type { ServerSource, SourceAnswer } from '../../../src/connect/discovery/ServerSource';

/** Returns servers with these hosts, on the default port. */
export const places = (...hosts: string[]): Place[] =>
    hosts.map(host => ({ host, port: 11211, weight: 1, isTls: false }));

/** A source whose answer the test sets. */
export class ScriptedSource implements ServerSource {
    readonly id: string;
    asked = 0;
    /** The signals of all lookups. */
    readonly signals: AbortSignal[] = [];
    answer: () => Promise<SourceAnswer>;

    constructor(
        readonly name: string,
        answer: SourceAnswer,
        readonly defaultIntervalMs: number | null = 1000,
        private readonly rule: new () => ChangeRule = TakeEachAnswer,
    ) {
        this.id = name;
        this.answer = () => Promise.resolve(answer);
    }

    /** A source of hosts that may answer with a subset of them, as DNS may. */
    static ofHosts(name: string, ...hosts: string[]): ScriptedSource {
        return new ScriptedSource(name, { servers: places(...hosts) }, 1000, KeepMissing);
    }

    createRule(): ChangeRule {
        return new this.rule();
    }

    lookUp(_access: unknown, signal: AbortSignal): Promise<SourceAnswer> {
        this.asked++;
        this.signals.push(signal);
        return this.answer();
    }

    returns(...hosts: string[]): void {
        this.answer = () => Promise.resolve({ servers: places(...hosts) });
    }

    fails(message: string): void {
        this.answer = () => Promise.reject(new Error(message));
    }

    /** Never answers, until the test calls the returned function. */
    hangs(): (answer: SourceAnswer) => void {
        let answerLate!: (answer: SourceAnswer) => void;
        const late = new Promise<SourceAnswer>(resolve => (answerLate = resolve));
        this.answer = () => late;
        return answerLate;
    }
}

import { AnyValueMap } from 'pip-services4-commons-node';
import type { ConfigParams } from '../config/ConfigParams';
import type { IContext } from './IContext';

/** The context of a call: its trace id, and any other values. */
export class Context implements IContext {
    private readonly _values: Map<string, unknown>;

    public constructor(values?: unknown) {
        this._values = new Map(Object.entries(values ?? {}));
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public get(key: string): any {
        return this._values.get(key) ?? null;
    }

    public static fromValue(value: unknown): Context {
        return new Context(value);
    }

    /** Returns a context of alternating keys and values (`fromTuples('trace_id', 'abc')`). */
    public static fromTuples(...tuples: unknown[]): Context {
        return new Context(AnyValueMap.fromTuplesArray(tuples));
    }

    public static fromConfig(config: ConfigParams): Context {
        return new Context(config);
    }

    public static fromTraceId(traceId: string): Context {
        return new Context({ trace_id: traceId });
    }
}

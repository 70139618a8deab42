import type { KeyCounts } from '../../diagnostics/tracing';
import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { Call, type Retry } from './Call';
import type { Namespace } from './Namespace';

/**
 * A call under a key with a token. A further request on the same connection reads the token after
 * the call. The result of the call counts only if its key has that token.
 */
export class GuardedCall<T> extends Call<T> {
    readonly retry: Retry;
    private result: { readonly value: T } | { readonly error: Error } | null = null;

    constructor(
        private readonly call: Call<T>,
        private readonly namespace: Namespace,
        private readonly fullKey: string,
    ) {
        super(call.key, call.valueBytes);
        this.retry = call.retry;
        this.frameCount = call.frameCount + 1;
        this.deadlineMs = call.deadlineMs;
        call.succeed = value => void (this.result = { value });
        call.fail = error => void (this.result = { error });
    }

    get operation(): string {
        return this.call.operation;
    }

    override get keyCount(): number | undefined {
        return this.call.keyCount;
    }

    override get keyCounts(): KeyCounts | undefined {
        return this.call.keyCounts;
    }

    override describeResult(value: T): string {
        return this.call.describeResult(value);
    }

    override keyOf(reply: Reply): string {
        return this.isLast(reply) ? '' : this.call.keyOf(reply);
    }

    encode(writer: RequestWriter, opaque: number): void {
        const { call } = this;
        call.host = this.host;
        call.opaque = opaque;
        call.retries = this.retries;
        call.deadline = this.deadline;
        this.result = null;
        call.encode(writer, opaque);
        writer.get((opaque + call.frameCount) >>> 0, this.namespace.tokenKey);
    }

    override onEpochChange(): void {
        // The token of this connection does not confirm a result from another one.
        this.result = null;
        this.call.onEpochChange();
        if (this.result !== null) this.settle();
    }

    onReply(reply: Reply): boolean {
        if (!this.isLast(reply)) {
            this.call.onReply(reply);
            return false;
        }
        if (this.namespace.confirms(this.fullKey, reply)) this.settle();
        else this.fail(new TokenChanged(this.namespace, this.host!, reply));
        return true;
    }

    override onFailed(): void {
        this.call.onFailed();
    }

    private settle(): void {
        const { result } = this;
        if (result === null) throw new Error('invalid reply: a token before the result that it confirms');
        if ('error' in result) this.fail(result.error);
        else this.succeed(result.value);
    }
}

/** The error for a key with an old token. Caches retry with the new one, so no caller sees it. */
export class TokenChanged extends Error {
    override readonly name = 'TokenChanged';
    /** The stored token, null if there is none. */
    readonly token: string | null;

    constructor(
        readonly namespace: Namespace,
        readonly server: object,
        reply: Reply,
    ) {
        super('the namespace has a new token');
        this.token = reply.outcome === Outcome.OK ? reply.value().toString('latin1') : null;
    }
}

import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { Call, type Retry } from './Call';
import type { Namespace } from './Namespace';

/**
 * A call under a key with a token. A further frame reads the token after the call was carried out, on
 * the same connection. The answer counts if that is still the token of the key.
 */
export class GuardedCall<T> extends Call<T> {
    readonly retry: Retry;
    private outcome: { readonly value: T } | { readonly error: Error } | null = null;

    constructor(
        private readonly call: Call<T>,
        private readonly namespace: Namespace,
        private readonly fullKey: string,
    ) {
        super(call.key);
        this.retry = call.retry;
        this.frameCount = call.frameCount + 1;
        this.deadlineMs = call.deadlineMs;
        call.succeed = value => void (this.outcome = { value });
        call.fail = error => void (this.outcome = { error });
    }

    get operation(): string {
        return this.call.operation;
    }

    override get keyCount(): number | undefined {
        return this.call.keyCount;
    }

    override get valueBytes(): number {
        return this.call.valueBytes;
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
        this.outcome = null;
        call.encode(writer, opaque);
        writer.get((opaque + call.frameCount) >>> 0, this.namespace.tokenKey);
    }

    override onEpochChange(): void {
        // What a try on another connection has answered was not confirmed.
        this.outcome = null;
        this.call.onEpochChange();
        if (this.outcome !== null) this.settle();
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
        const { outcome } = this;
        if (outcome === null) throw new Error('a token came before the reply that it confirms');
        if ('error' in outcome) this.fail(outcome.error);
        else this.succeed(outcome.value);
    }
}

/** The key has a token that is not in use any more. Caches repeat the call, so no caller sees it. */
export class TokenChanged extends Error {
    override readonly name = 'TokenChanged';
    /** What is in its place; null: nothing. */
    readonly token: string | null;

    constructor(
        readonly namespace: Namespace,
        readonly server: object,
        reply: Reply,
    ) {
        super('the namespace has another token');
        this.token = reply.outcome === Outcome.OK ? reply.value().toString('latin1') : null;
    }
}

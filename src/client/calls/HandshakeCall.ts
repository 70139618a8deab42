import type { Login } from '../model/ServerAddress';
import type { ServerIdentity } from '../model/ServerIdentity';
import { Outcome, type Protocol, type Reply, type RequestWriter } from '../protocol/Protocol';
import {
    authFailed,
    ForeignReplyError,
    loginRequired,
    loginUnknown,
    loginWrong,
    tooOld,
} from '../protocol/replyErrors';
import { Call } from './Call';

type Step = 'login' | 'version' | 'noop' | 'proxy' | 'settings';

/**
 * The first call of a channel. It logs in, and resolves with the identity of the server. Until then
 * the channel sends no other call. A server of another protocol could take parts of a value for
 * commands.
 */
export class HandshakeCall extends Call<ServerIdentity> {
    readonly operation = 'handshake';
    readonly retry = 'never';
    private readonly steps: readonly Step[];
    private version = '';
    private hasProxyStats = false;
    private hasSettings = false;

    constructor(
        private readonly address: string,
        private readonly protocol: Protocol,
        private readonly login: Login | undefined,
    ) {
        super();
        // A server with logins answers a version without one, but not a noop.
        const steps: Step[] = login === undefined ? ['version', 'noop'] : ['login', 'version', 'noop'];
        // memcached's own proxy has these statistics. Managed endpoints reject those of settings.
        this.steps = protocol.canBeProxied ? [...steps, 'proxy', 'settings'] : steps;
        this.frameCount = this.steps.length;
    }

    encode(writer: RequestWriter, opaque: number): void {
        this.steps.forEach((step, i) => {
            const own = (opaque + i) >>> 0;
            if (step === 'login') writer.login(own, this.login!);
            else if (step === 'version') writer.version(own);
            else if (step === 'noop') writer.noop(own);
            else writer.stat(own, step);
        });
    }

    onReply(reply: Reply): boolean {
        const problem = this.record(this.steps[(reply.opaque - this.opaque) >>> 0]!, reply);
        if (problem !== null) this.fail(problem);
        const isLast = this.isLast(reply);
        if (isLast) this.succeed(this.identity);
        return isLast;
    }

    override isLast(reply: Reply): boolean {
        if (!super.isLast(reply)) return false;
        return !this.protocol.canBeProxied || reply.outcome !== Outcome.OK || reply.key() === '';
    }

    private get identity(): ServerIdentity {
        const { protocol, version, hasProxyStats, hasSettings } = this;
        return { protocol: protocol.name, version, isProxy: protocol.canBeProxied && (hasProxyStats || !hasSettings) };
    }

    /** Returns the reason why the channel is unusable, or null. */
    private record(step: Step, reply: Reply): Error | null {
        const { address, protocol, login } = this;
        const { outcome } = reply;
        const isOk = outcome === Outcome.OK;
        if (step === 'proxy' || step === 'settings') {
            if (isOk && reply.key() !== '') this[step === 'proxy' ? 'hasProxyStats' : 'hasSettings'] = true;
            return null;
        }
        if (step === 'login') {
            if (outcome === Outcome.UNKNOWN_COMMAND) return loginUnknown(address);
            return isOk ? null : loginWrong(address);
        }
        if (outcome === Outcome.AUTH_ERROR) return login === undefined ? loginRequired(address) : authFailed(address);
        if (!isOk) return new ForeignReplyError(`the server rejects the command ${step} (${reply.detail()})`);
        if (step !== 'version') return null;
        this.version = reply.text();
        return isOlder(this.version, protocol.minVersion) ? tooOld(this.version, protocol) : null;
    }
}

/** Compares versions of memcached. Other programs have other versions, which are never older. */
function isOlder(version: string, minVersion: readonly number[]): boolean {
    if (!/^\d+\.\d+\.\d+$/.test(version)) return false;
    const numbers = version.split('.').map(Number);
    const i = numbers.findIndex((number, at) => number !== (minVersion[at] ?? number));
    return i >= 0 && numbers[i]! < minVersion[i]!;
}

import { formatAddress, type Login } from '../../client/model/ServerAddress';
import { serversNotFound } from '../../component/errors';
import type { Access } from '../discovery/Access';
import { TakeHigherVersion, type ChangeRule } from '../discovery/changeRules';
import type { ServerSource, SourceAnswer } from '../discovery/ServerSource';
import { firstLine, isCompleteReply, parseClusterReply } from './clusterReply';
import type { ServerSettings } from './ServerSettings';
import { TextConnection } from './TextConnection';

const REQUEST = 'config get cluster\r\n';
const isLine = (reply: string): boolean => reply.includes('\n');

/**
 * The configuration endpoint of a cluster (ElastiCache, Memorystore). It answers in text, whatever
 * protocol the values use, so the source asks on a connection of its own.
 */
export class ClusterSource implements ServerSource {
    readonly defaultIntervalMs = 60_000;

    constructor(
        readonly id: string,
        readonly name: string,
        private readonly host: string,
        private readonly port: number,
        private readonly server: ServerSettings,
    ) {}

    createRule(): ChangeRule {
        return new TakeHigherVersion();
    }

    async lookUp(access: Access, signal: AbortSignal): Promise<SourceAnswer> {
        const at = access.addressOf({ ...this.server, host: this.host, port: this.port });
        const connection = new TextConnection(at, signal);
        try {
            const reply = await this.ask(connection, at.login);
            const { version, servers } = parseClusterReply(reply);
            return { version, servers: servers.map(server => ({ ...this.server, ...server })) };
        } catch (error) {
            throw serversNotFound(`config get cluster at ${formatAddress(at)}: ${(error as Error).message}`);
        } finally {
            connection.close();
        }
    }

    private async ask(connection: TextConnection, login: Login | undefined): Promise<string> {
        const reply = await connection.ask(REQUEST, isCompleteReply);
        // The login is a `set`. A server that requires none would store the password as a value.
        if (login === undefined || !/^CLIENT_ERROR unauthenticated\b/.test(reply)) return reply;
        const answer = await connection.ask(loginRequest(login), isLine);
        if (!answer.startsWith('STORED')) throw new Error(`the login was rejected (${firstLine(answer)})`);
        return connection.ask(REQUEST, isCompleteReply);
    }
}

function loginRequest({ username, password }: Login): string {
    const text = Buffer.from(`${username} ${password}`).toString('latin1');
    return `set auth 0 0 ${text.length}\r\n${text}\r\n`;
}

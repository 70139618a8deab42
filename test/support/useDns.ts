import { DnsServer, redirectDns } from './server/DnsServer';

/** Makes the tests of a file ask a DNS server of their own. Each test begins without records. */
export function useDns(): DnsServer {
    const server = new DnsServer();
    let undo = (): void => {};
    beforeAll(async () => {
        await server.launch();
        undo = redirectDns(server);
    });
    beforeEach(() => {
        server.replies.clear();
        server.questions.length = 0;
    });
    afterAll(async () => {
        undo();
        await server.end();
    });
    return server;
}

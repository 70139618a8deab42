import type { Verbs } from '.';

/** Verbs for the server itself. */
export const serverVerbs: Verbs = {
    protocol: async ({ client, kind }) => {
        const { protocol, version } = kind;
        expect(client.getStats()).toMatchObject([{ protocol, version }]);
        expect(await client.checkHealth()).toMatchObject([{ protocol, version }]);
    },
    noop: async ({ client }) => {
        await client.noop();
    },
    version: async ({ client, kind }) => {
        expect([...(await client.version()).values()]).toEqual([kind.version]);
    },
    stats: async ({ client }) => {
        const [stats] = (await client.stats()).values();
        expect(stats).toMatchObject({ version: expect.stringMatching(/^1\./), curr_connections: expect.anything() });
    },
    resetStats: async ({ client }) => {
        const [outcome] = (await client.resetStats()).values();
        expect(outcome).not.toBeInstanceOf(Error);
    },
    checkHealth: async ({ client, kind }) => {
        expect(await client.checkHealth()).toMatchObject([{ reachable: true, error: null, version: kind.version }]);
    },
    flush: async ({ client, key }) => {
        await client.set(key, 'value');
        await client.flush();
        expect(await client.getText(key)).toBeNull();
    },
};

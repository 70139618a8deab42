import { ConfigParams, Context, Descriptor, ReferenceException, References } from 'pip-services4-components-node';
import { CredentialParams, CredentialResolver, MemoryCredentialStore } from 'pip-services4-config-node';

const context = Context.fromTraceId('abc');
const config = (...tuples: unknown[]) => ConfigParams.fromTuples(...tuples);
const referring = (...stores: MemoryCredentialStore[]) =>
    References.fromTuples(
        ...stores.flatMap((one, i) => [new Descriptor('a', 'credential-store', 'memory', String(i), '1.0'), one]),
    );

const gettersOf = (credential: CredentialParams) => [
    credential.getUsername(),
    credential.getPassword(),
    credential.getStoreKey(),
    credential.getAccessId(),
    credential.getAccessKey(),
];

describe('CredentialParams', () => {
    it('reads username or user, and password or pass', () => {
        const short = CredentialParams.fromString('user=me;pass=secret');
        expect([short.getUsername(), short.getPassword()]).toEqual(['me', 'secret']);
        const both = CredentialParams.fromTuples('user', 'a', 'username', 'b', 'pass', 'c', 'password', 'd');
        expect([both.getUsername(), both.getPassword()]).toEqual(['b', 'd']);
    });

    it('reads access_id or client_id, and access_key, client_key or secret_key', () => {
        const read = (text: string) => gettersOf(CredentialParams.fromString(text)).slice(3);
        expect(read('client_id=a;secret_key=c')).toEqual(['a', 'c']);
        expect(read('client_id=a;access_id=b;secret_key=c;client_key=d')).toEqual(['b', 'd']);
        expect(read('secret_key=c;client_key=d;access_key=e')).toEqual([null, 'e']);
    });

    it('returns null for absent keys', () => {
        const credential = new CredentialParams();
        expect(gettersOf(credential)).toEqual([null, null, null, null, null]);
        expect(credential.useCredentialStore()).toBe(false);
    });

    it('returns the set values, and has no other keys', () => {
        const credential = new CredentialParams();
        credential.setUsername('me');
        credential.setPassword('secret');
        credential.setStoreKey('main');
        credential.setAccessId('id');
        credential.setAccessKey('key');
        expect(gettersOf(credential)).toEqual(['me', 'secret', 'main', 'id', 'key']);
        expect(credential.useCredentialStore()).toBe(true);
        expect(Object.keys(credential).sort()).toEqual([
            'access_id',
            'access_key',
            'password',
            'store_key',
            'username',
        ]);
    });

    it('reads credentials.<name>.* rather than credential.*', () => {
        const many = config('credentials.a.username', 'a', 'credentials.b.username', 'b', 'credential.username', 'c');
        expect(CredentialParams.manyFromConfig(many).map(one => one.getUsername())).toEqual(['a', 'b']);
        expect(CredentialParams.fromConfig(config('credential.username', 'c'))?.getUsername()).toBe('c');
        expect(CredentialParams.fromConfig(config('username', 'c'))).toBeNull();
    });
});

describe('MemoryCredentialStore', () => {
    it('reads its configuration, without scalars such as its descriptor', async () => {
        const store = new MemoryCredentialStore();
        store.configure(config('descriptor', 'x', 'main.username', 'me'));
        expect((await store.lookup(context, 'main'))?.getUsername()).toBe('me');
        expect(await store.lookup(context, 'descriptor')).toBeNull();
        expect(await store.lookup(context, 'other')).toBeNull();
    });

    it('stores a credential, and removes it when it is null', async () => {
        const store = new MemoryCredentialStore(config('main.username', 'me'));
        const other = CredentialParams.fromString('username=you');
        await store.store(context, 'main', other);
        expect(await store.lookup(context, 'main')).toBe(other);
        await store.store(context, 'main', null);
        expect(await store.lookup(context, 'main')).toBeNull();
    });
});

describe('CredentialResolver', () => {
    const toLookUp = config('credential.store_key', 'main', 'credential.realm', 'x');

    it('returns the configured credential', async () => {
        expect((await new CredentialResolver(config('credential.username', 'me')).lookup(context))?.getUsername()).toBe(
            'me',
        );
        expect(await new CredentialResolver().lookup(context)).toBeNull();
    });

    it('keeps the first configuration after a second one', () => {
        const resolver = new CredentialResolver(config('credential.username', 'a'));
        resolver.configure(config('credential.username', 'b'));
        resolver.add(CredentialParams.fromString('username=c'));
        expect(resolver.getAll().map(one => one.getUsername())).toEqual(['a', 'b', 'c']);
    });

    it('prefers a direct credential to one in a store', async () => {
        const mixed = config('credentials.a.store_key', 'main', 'credentials.b.username', 'direct');
        const resolver = new CredentialResolver(
            mixed,
            referring(new MemoryCredentialStore(config('main.username', 'x'))),
        );
        expect((await resolver.lookup(context))?.getUsername()).toBe('direct');
    });

    it('returns the stored credential of any store', async () => {
        const full = new MemoryCredentialStore(config('main.username', 'me'));
        for (const references of [
            referring(full, new MemoryCredentialStore()),
            referring(new MemoryCredentialStore(), full),
        ]) {
            const resolver = new CredentialResolver(toLookUp);
            resolver.setReferences(references);
            expect({ ...(await resolver.lookup(context)) }).toEqual({ username: 'me' });
        }
    });

    it('returns null for an unknown key, and without references', async () => {
        expect(
            await new CredentialResolver(toLookUp, referring(new MemoryCredentialStore())).lookup(context),
        ).toBeNull();
        expect(await new CredentialResolver(toLookUp).lookup(context)).toBeNull();
    });

    it('rejects with REF_ERROR when the references have no store', async () => {
        const promise = new CredentialResolver(toLookUp, new References()).lookup(context);
        const error: unknown = await promise.catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(ReferenceException);
        expect(error).toMatchObject({ code: 'REF_ERROR', details: { locator: '*:credential-store:*:*:*' } });
    });
});

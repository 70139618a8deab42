import { Cleaner, Closer, Context, Opener } from 'pip-services4-components-node';

const context = Context.fromTraceId('abc');

function recorder() {
    const calls: string[] = [];
    const component = (name: string, fails = false) => ({
        isOpen: () => calls.includes(`open ${name}`),
        open: async () => record(`open ${name}`, fails),
        close: async () => record(`close ${name}`, fails),
        clear: async () => record(`clear ${name}`, fails),
    });
    async function record(call: string, fails: boolean): Promise<void> {
        // Settles a turn later, so that a call without `await` is out of order.
        await Promise.resolve();
        if (fails) throw new Error(`${call} failed`);
        calls.push(call);
    }
    return { calls, component };
}

describe('Opener', () => {
    it('opens in list order, skipping components without an open method', async () => {
        const { calls, component } = recorder();
        const components = [component('a'), {}, component('b')];
        expect(Opener.isOpen(components)).toBe(false);
        await Opener.open(context, components);
        expect(calls).toEqual(['open a', 'open b']);
        expect(Opener.isOpen(components)).toBe(true);
    });

    it('treats a component without isOpen as open', () => {
        expect(Opener.isOpenOne({})).toBe(true);
        expect(Opener.isOpenOne({ isOpen: () => false })).toBe(false);
    });

    it('stops at the first failure and leaves the opened ones open', async () => {
        const { calls, component } = recorder();
        const list = [component('a'), component('b', true), component('c')];
        await expect(Opener.open(context, list)).rejects.toThrow('open b failed');
        expect(calls).toEqual(['open a']);
    });

    it('passes the context on, and throws for a null component', async () => {
        const open = jest.fn();
        await Opener.openOne(context, { open });
        expect(open).toHaveBeenCalledWith(context);
        await expect(Opener.openOne(context, null)).rejects.toThrow(TypeError);
        expect(() => Opener.isOpenOne(null)).toThrow(TypeError);
    });
});

describe('Closer', () => {
    it('closes in list order, the same order as opening', async () => {
        const { calls, component } = recorder();
        await Closer.close(context, [component('a'), {}, component('b')]);
        expect(calls).toEqual(['close a', 'close b']);
    });

    it('leaves the rest open when one fails', async () => {
        const { calls, component } = recorder();
        const list = [component('a'), component('b', true), component('c')];
        await expect(Closer.close(context, list)).rejects.toThrow('close b failed');
        expect(calls).toEqual(['close a']);
    });

    it('throws for a null component', async () => {
        await expect(Closer.closeOne(context, null)).rejects.toThrow(TypeError);
    });
});

describe('Cleaner', () => {
    it('clears in list order, skipping components without a clear method', async () => {
        const { calls, component } = recorder();
        await Cleaner.clear(context, [component('a'), {}, component('b')]);
        expect(calls).toEqual(['clear a', 'clear b']);
    });
});

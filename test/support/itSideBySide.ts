import { Opener } from './Opener';
import { SideBySide } from './sideBySide';

type OpenerTest = (open: Opener) => Promise<void>;
type Define = (name: string, test: OpenerTest) => void;

/** Defines tests as `it` does. They run side by side, and what each one opens ends with it. */
export function useSideBySide(): Define {
    const group = new SideBySide();
    return (name, test) =>
        it(
            name,
            group.add(() => withOpener(test)),
        );
}

async function withOpener(test: OpenerTest): Promise<void> {
    const open = new Opener();
    try {
        await test(open);
    } finally {
        await open.end();
    }
}

import { RegisterHistory } from './RegisterHistory';
import type { Finding } from './report';

/** The histories of all keys. */
export class Histories {
    private readonly byKey = new Map<string, RegisterHistory>();

    of(key: string): RegisterHistory {
        let history = this.byKey.get(key);
        if (history === undefined) this.byKey.set(key, (history = new RegisterHistory()));
        return history;
    }

    get readCount(): number {
        return [...this.byKey.values()].reduce((sum, history) => sum + history.readCount, 0);
    }

    findings(): Finding[] {
        return [...this.byKey].flatMap(([key, history]) =>
            history.violations().map(violation => ({ key, ...violation })),
        );
    }
}

import { expect } from 'vitest';
import { Container } from './container.ts';
import { bootDescribed, matrix } from './matrix.ts';

const MACHINES = 20;
/** As many as run side by side. */
const AT_ONCE = 4;

const { fleet, life, isThere, expectDescribed } = matrix(Container.copy);

life(`${MACHINES} machines of one image, ${AT_ONCE} at a time`, async (report) => {
  let left = MACHINES;
  let described = 0;
  const live = async () => {
    while (left > 0) {
      left--;
      const member = await fleet().add();
      await bootDescribed(member);
      expectDescribed(member);
      described++;
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expect(isThere(member)).toBe(false);
      await member.machine.remove();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, live));
  expect(described).toBe(MACHINES);
  expect(fleet().emulator.store.systems.size).toBe(0);
  await report('boot, poweroff', fleet());
});

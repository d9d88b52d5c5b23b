import { describe, expect, it } from 'vitest';
import { applyConfigChanges } from './config-changes.ts';
import { ImageConfig } from './image-manifest.ts';

const image = ImageConfig.parse({
  architecture: 'amd64',
  os: 'linux',
  docker_version: '20',
  config: {
    Env: ['PATH=/bin', 'LANG=C'],
    Entrypoint: ['/entry'],
    Cmd: ['run'],
    Labels: { keep: '1', change: 'old' },
    Healthcheck: { Test: ['CMD', 'true'] },
    User: 'app',
  },
  rootfs: { type: 'layers', diff_ids: [] },
});

describe('changes of what an image does', () => {
  it('leave everything that they do not name, also what the specification does not know', () => {
    expect(applyConfigChanges(image, {})).toEqual(image);
    expect(applyConfigChanges(image, { user: 'root' })).toEqual({
      ...image,
      config: { ...image.config, User: 'root' },
    });
  });

  it('set variables in their place, and add new ones behind', () => {
    const { config } = applyConfigChanges(image, { environment: { LANG: 'de', NEW: 'a=b', PATH: '/sbin' } });
    expect(config?.Env).toEqual(['PATH=/sbin', 'LANG=de', 'NEW=a=b']);
  });

  it('merge labels, ports and volumes, and take entry point and command away', () => {
    const { config } = applyConfigChanges(image, {
      labels: { change: 'new' },
      exposedPorts: ['80/tcp'],
      volumes: ['/data'],
      entrypoint: null,
      command: null,
    });
    expect(config).toMatchObject({
      Labels: { keep: '1', change: 'new' },
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/data': {} },
    });
    expect(config).not.toHaveProperty('Entrypoint');
    expect(config).not.toHaveProperty('Cmd');
  });
});

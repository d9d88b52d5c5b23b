import { describe, expect, it } from 'vitest';
import { toMemberName } from './shape.ts';

describe('toMemberName', () => {
  it.each([
    ['InstanceId', 'instanceId'],
    ['KBId', 'kbId'],
    ['CVEIds', 'cveIds'],
    ['IPAddress', 'ipAddress'],
    ['SSMConnectionChannel', 'ssmConnectionChannel'],
    ['OutputS3BucketName', 'outputS3BucketName'],
    ['S3Key', 's3Key'],
    ['OS', 'os'],
    ['Id', 'id'],
    ['AReason', 'aReason'],
    ['instanceIds', 'instanceIds'],
    ['key', 'key'],
  ])('makes %s %s', (wireName, name) => {
    expect(toMemberName(wireName)).toBe(name);
  });
});

# trap-rollback-on-cancel: a deploy that fails is left as it is
s|CI_JOB_STATUS" != success|CI_JOB_STATUS" = success|

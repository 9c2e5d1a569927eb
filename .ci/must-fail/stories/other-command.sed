# trap-skipped-ancestor: a job calls another program than on GitHub
s|make test|make tests|

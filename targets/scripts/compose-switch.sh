# From here on $COLOUR has the requests; what had them keeps running.
{
  @line@
} < /dev/null

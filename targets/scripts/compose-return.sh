entry=$(sed -n "${count}p" "$history")
@select@

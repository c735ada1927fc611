# Prints a page with a paragraph for each file.
echo '<!doctype html>'
for file in "$@"; do
    echo "<p>$(cat "$file")</p>"
done
